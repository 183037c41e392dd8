#ifndef SIPCM_CLIENTS_CLI_FIELD_TEXT_H_
#define SIPCM_CLIENTS_CLI_FIELD_TEXT_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace sipcm::cli {

// The value of the field at a path ("peer.address") as people read it: enums by name, durations as
// "900s", times in RFC 3339, addresses as "host:port", bytes in hexadecimal, lists joined by ", ".
// Empty when it is unset, or there is no such field.
std::string FieldText(const google::protobuf::Message& message, absl::string_view path);

// All fields that are set, in the order of the .proto file, as (path, text); messages in lists get
// an index: "allowed_domains[0].pattern".
std::vector<std::pair<std::string, std::string>> FieldTexts(
    const google::protobuf::Message& message);

}  // namespace sipcm::cli

#endif  // SIPCM_CLIENTS_CLI_FIELD_TEXT_H_
