#ifndef SIPCM_CLIENTS_CLI_SETTINGS_H_
#define SIPCM_CLIENTS_CLI_SETTINGS_H_

#include <string>
#include <vector>

namespace google::protobuf {
class FieldMask;
class Message;
}  // namespace google::protobuf

namespace sipcm::cli {

// Sets fields of a resource from "path=value" (--set): "first_message_timeout=5s",
// "limits.max_body_bytes=4096", "aliases=[\"sip:bob@example.com\"]". Values are as in JSON, without
// quotation marks where they are no list or message. The paths are added to `mask` when given.
//
// Answers what is wrong, on which setting, or an empty string; then all settings are in.
std::string ApplySettings(const std::vector<std::string>& settings,
                          google::protobuf::Message& resource, google::protobuf::FieldMask* mask);

// "edge" as "connectionManagers/edge"; a text with a slash stays as it is.
std::string FullName(const std::string& collection, const std::string& text);

// The whole file; "-" is standard input. False: it cannot be read, and `content` says why.
bool ReadFile(const std::string& path, std::string& content);

}  // namespace sipcm::cli

#endif  // SIPCM_CLIENTS_CLI_SETTINGS_H_
