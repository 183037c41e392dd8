#ifndef SIPCM_SERVER_STORE_FINGERPRINT_H_
#define SIPCM_SERVER_STORE_FINGERPRINT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace sipcm::server {

// 16 hexadecimal digits over `text` (FNV-1a, 64 bits): the same in every process and build. Guards
// against mistakes, not against malice.
std::string Fingerprint(absl::string_view text);

// Over the message's deterministic serialization: equal messages of one binary have equal ones.
std::string Fingerprint(const google::protobuf::Message& message);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_STORE_FINGERPRINT_H_
