#ifndef SIPCM_CLIENTS_CLI_COMMANDS_OFFLINE_OPTIONS_H_
#define SIPCM_CLIENTS_CLI_COMMANDS_OFFLINE_OPTIONS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/offline/peer_judge.h"

namespace CLI {
class App;
}  // namespace CLI

namespace sipcm::cli {

// What `check-peer --offline` judges by: settings on the line, or a manager of a configuration file
// of the server.
struct OfflineOptions {
  bool offline = false;
  std::string config_file;
  std::string trust_bundle_file;
  std::string crls_file;
  std::string crl_check;   // "LEAF", "CHAIN", "OFF"; empty: the default
  std::string stale_crl;   // "REFUSE", "ACCEPT"; empty: the default
  std::string name_check;  // "SUBJECT_AND_ALTERNATIVE", "RFC5922"; empty: the default
  std::vector<std::string> allowed_domains;
  bool allow_any_domain = false;
  std::vector<std::string> key_usages;
  std::string match;  // "ALL", "ANY"; empty: the default
  bool strict = false;
  int max_chain_length = 0;  // 0: the default

  void AddTo(CLI::App& command);
  // The name of an option that only means something offline and is on the line; empty: none.
  std::string OfflineOnly() const;
};

// `manager` names one of the configuration file; empty: its only one. Errors say which option, file
// or field is wrong.
absl::StatusOr<server::PeerJudge> MakeJudge(const OfflineOptions& options,
                                            const std::string& manager, absl::Time now);

}  // namespace sipcm::cli

#endif  // SIPCM_CLIENTS_CLI_COMMANDS_OFFLINE_OPTIONS_H_
