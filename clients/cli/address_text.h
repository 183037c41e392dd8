#ifndef SIPCM_CLIENTS_CLI_ADDRESS_TEXT_H_
#define SIPCM_CLIENTS_CLI_ADDRESS_TEXT_H_

#include <string>

namespace sipcm::cli {

// "127.0.0.1:5060", "[::1]:5060", "sip.example.com" in its parts.
struct HostAndPort {
  std::string host;
  int port = 0;  // 0: not given.
};

// Answers what is wrong with it, or an empty string.
std::string ParseHostAndPort(const std::string& text, HostAndPort& parsed);

}  // namespace sipcm::cli

#endif  // SIPCM_CLIENTS_CLI_ADDRESS_TEXT_H_
