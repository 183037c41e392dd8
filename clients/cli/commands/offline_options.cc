#include "clients/cli/commands/offline_options.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cli/cli11.h"
#include "clients/cli/settings.h"
#include "google/protobuf/util/json_util.h"
#include "proto/sipcm/v1/config.pb.h"

namespace sipcm::cli {
namespace {

constexpr char kBundle[] = "trustBundles/offline";

absl::StatusOr<std::string> Content(const std::string& option, const std::string& path) {
  std::string content;
  if (ReadFile(path, content)) return content;
  return absl::InvalidArgumentError(absl::StrCat(option, ": ", content));
}

// Reads `*file`, relative to `folder`, into `*pem`.
absl::Status Load(const std::string& folder, const std::string& field, std::string* file,
                  std::string* pem) {
  if (file->empty()) return absl::OkStatus();
  absl::StatusOr<std::string> text =
      Content(field, file->front() == '/' ? *file : absl::StrCat(folder, *file));
  if (!text.ok()) return text.status();
  *pem = *std::move(text);
  file->clear();
  return absl::OkStatus();
}

absl::StatusOr<v1::Config> ReadConfig(const std::string& path) {
  absl::StatusOr<std::string> json = Content("--config", path);
  if (!json.ok()) return json.status();
  v1::Config config;
  const auto parsed = google::protobuf::util::JsonStringToMessage(*json, &config);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", path, "\" is no sipcm.v1.Config in JSON: ", std::string(parsed.message())));
  }
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  for (v1::TrustBundle& bundle : *config.mutable_trust_bundles()) {
    absl::Status loaded = Load(folder, bundle.name(), bundle.mutable_certificates_file(),
                               bundle.mutable_certificates_pem());
    if (loaded.ok()) {
      loaded = Load(folder, bundle.name(), bundle.mutable_crls_file(), bundle.mutable_crls_pem());
    }
    if (!loaded.ok()) return loaded;
  }
  return config;
}

absl::StatusOr<server::PeerJudge> JudgeOfConfig(const std::string& path, const std::string& manager,
                                                absl::Time now) {
  absl::StatusOr<v1::Config> config = ReadConfig(path);
  if (!config.ok()) return config.status();
  const auto& managers = config->connection_managers();
  if (manager.empty() && managers.size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat("\"", path, "\" has ", managers.size(),
                                                   " connection managers; say which one with "
                                                   "--manager"));
  }
  const std::string name =
      manager.empty() ? managers[0].name() : FullName("connectionManagers", manager);
  for (const v1::ConnectionManager& candidate : managers) {
    if (candidate.name() != name) continue;
    return server::PeerJudge::Create(
        candidate, {config->trust_bundles().begin(), config->trust_bundles().end()}, now);
  }
  return absl::NotFoundError(absl::StrCat("\"", path, "\" has no \"", name, "\""));
}

template <typename Enum, typename Parse>
Enum EnumOf(const std::string& word, Parse parse) {
  Enum value{};
  parse(word, &value);  // CLI11 took only words of the list
  return value;
}

}  // namespace

void OfflineOptions::AddTo(CLI::App& command) {
  const std::string group = "Without a server";
  command.add_flag("--offline", offline, "Judge here, without a server")->group(group);
  command.add_option("--config", config_file, "Judge by a manager of this configuration file")
      ->group(group);
  command.add_option("--trust-bundle", trust_bundle_file, "PEM of the authorities")->group(group);
  command.add_option("--crl", crls_file, "PEM of revocation lists")->group(group);
  command.add_option("--crl-check", crl_check, "Which certificates need a revocation list")
      ->check(CLI::IsMember({"LEAF", "CHAIN", "OFF"}))
      ->group(group);
  command.add_option("--stale-crl", stale_crl, "What an old revocation list is worth")
      ->check(CLI::IsMember({"REFUSE", "ACCEPT"}))
      ->group(group);
  command.add_option("--allowed-domain", allowed_domains, "Entry of the list; may be repeated")
      ->allow_extra_args(false)
      ->group(group);
  command.add_flag("--allow-any-domain", allow_any_domain, "Let in everyone with a valid chain")
      ->group(group);
  command.add_option("--name-check", name_check, "Which names count")
      ->check(CLI::IsMember({"SUBJECT_AND_ALTERNATIVE", "RFC5922"}))
      ->group(group);
  command.add_option("--eku", key_usages, "Extended key usage required; may be repeated")
      ->allow_extra_args(false)
      ->group(group);
  command.add_option("--match", match, "Whether ALL usages are required, or ANY")
      ->check(CLI::IsMember({"ALL", "ANY"}))
      ->group(group);
  command.add_flag("--strict", strict, "anyExtendedKeyUsage does not stand for the others")
      ->group(group);
  command.add_option("--max-chain-length", max_chain_length, "Certificates in a chain")
      ->check(CLI::Range(1, 100))
      ->group(group);
}

std::string OfflineOptions::OfflineOnly() const {
  if (!config_file.empty()) return "--config";
  if (!trust_bundle_file.empty()) return "--trust-bundle";
  if (!crls_file.empty()) return "--crl";
  if (!crl_check.empty()) return "--crl-check";
  if (!stale_crl.empty()) return "--stale-crl";
  if (!allowed_domains.empty()) return "--allowed-domain";
  if (allow_any_domain) return "--allow-any-domain";
  if (!name_check.empty()) return "--name-check";
  if (!key_usages.empty()) return "--eku";
  if (!match.empty()) return "--match";
  if (strict) return "--strict";
  return max_chain_length > 0 ? "--max-chain-length" : "";
}

absl::StatusOr<server::PeerJudge> MakeJudge(const OfflineOptions& options,
                                            const std::string& manager_name, absl::Time now) {
  if (!options.config_file.empty()) return JudgeOfConfig(options.config_file, manager_name, now);
  v1::TrustBundle bundle;
  bundle.set_name(kBundle);
  absl::StatusOr<std::string> pem = Content("--trust-bundle", options.trust_bundle_file);
  if (!pem.ok()) return pem.status();
  bundle.set_certificates_pem(*pem);
  if (!options.crls_file.empty()) {
    pem = Content("--crl", options.crls_file);
    if (!pem.ok()) return pem.status();
    bundle.set_crls_pem(*pem);
  }
  bundle.set_crl_check(
      EnumOf<v1::TrustBundle::CrlCheck>(options.crl_check, v1::TrustBundle::CrlCheck_Parse));
  bundle.set_stale_crl(
      EnumOf<v1::TrustBundle::StaleCrl>(options.stale_crl, v1::TrustBundle::StaleCrl_Parse));
  v1::ConnectionManager manager;
  manager.set_name("connectionManagers/offline");
  manager.set_kind(v1::ConnectionManager::SERVER_TLS);
  manager.set_mutual_tls(v1::ConnectionManager::REQUIRE);
  manager.set_trust_bundle(kBundle);
  for (const std::string& pattern : options.allowed_domains) {
    manager.add_allowed_domains()->set_pattern(pattern);
  }
  manager.set_allow_any_domain(options.allow_any_domain);
  manager.set_name_check(EnumOf<v1::ConnectionManager::NameCheck>(
      options.name_check, v1::ConnectionManager::NameCheck_Parse));
  v1::ExtendedKeyUsagePolicy& usage = *manager.mutable_extended_key_usage();
  for (const std::string& required : options.key_usages) usage.add_required(required);
  usage.set_match(EnumOf<v1::ExtendedKeyUsagePolicy::Match>(
      options.match, v1::ExtendedKeyUsagePolicy::Match_Parse));
  usage.set_strict(options.strict);
  if (options.max_chain_length > 0) {
    manager.mutable_limits()->set_max_chain_length(options.max_chain_length);
  }
  return server::PeerJudge::Create(std::move(manager), {bundle}, now);
}

}  // namespace sipcm::cli
