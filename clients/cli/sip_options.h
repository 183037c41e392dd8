#ifndef SIPCM_CLIENTS_CLI_SIP_OPTIONS_H_
#define SIPCM_CLIENTS_CLI_SIP_OPTIONS_H_

#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace sipcm::v1 {
class SipRequest;
class SipResponse;
}  // namespace sipcm::v1

namespace sipcm::cli {

// The options that say what stands in a SIP message: --header (repeated) and --body.
class SipOptions {
 public:
  void AddTo(CLI::App& command);

  // Answers what is wrong, or an empty string; then the message has the headers and the body.
  std::string Fill(v1::SipRequest& request) const;
  std::string Fill(v1::SipResponse& response) const;

 private:
  template <class Message>
  std::string FillAny(Message& message) const;

  std::vector<std::string> headers_;
  std::string body_;
};

// The message with its start line, indented for reading.
std::string MessageText(const v1::SipRequest& request);
std::string MessageText(const v1::SipResponse& response);

}  // namespace sipcm::cli

#endif  // SIPCM_CLIENTS_CLI_SIP_OPTIONS_H_
