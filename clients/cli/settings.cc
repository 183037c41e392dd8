#include "clients/cli/settings.h"

#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace sipcm::cli {
namespace {

std::string Quoted(const std::string& text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

// {"limits":{"max_body_bytes":"4096"}}: protobuf's JSON takes numbers and booleans as text too.
std::string AsJson(const std::string& path, const std::string& value) {
  std::string json =
      absl::StartsWith(value, "[") || absl::StartsWith(value, "{") ? value : Quoted(value);
  const std::vector<std::string> names = absl::StrSplit(path, '.');
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    json = absl::StrCat("{", Quoted(*name), ":", json, "}");
  }
  return json;
}

}  // namespace

std::string ApplySettings(const std::vector<std::string>& settings,
                          google::protobuf::Message& resource, google::protobuf::FieldMask* mask) {
  for (const std::string& setting : settings) {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(setting, absl::MaxSplits('=', 1));
    if (parts.first.empty() || !absl::StrContains(setting, '=')) {
      return absl::StrCat("--set \"", setting, "\" is not path=value");
    }
    const std::unique_ptr<google::protobuf::Message> part(resource.New());
    const auto status =
        google::protobuf::util::JsonStringToMessage(AsJson(parts.first, parts.second), part.get());
    if (!status.ok()) {
      return absl::StrCat("--set \"", setting, "\" does not fit: ", status.message().ToString());
    }
    resource.MergeFrom(*part);
    if (mask != nullptr) mask->add_paths(parts.first);
  }
  return "";
}

std::string FullName(const std::string& collection, const std::string& text) {
  return absl::StrContains(text, '/') ? text : absl::StrCat(collection, "/", text);
}

bool ReadFile(const std::string& path, std::string& content) {
  std::ostringstream stream;
  if (path == "-") {
    stream << std::cin.rdbuf();
  } else {
    const std::ifstream file(path, std::ios::binary);
    if (!file) {
      content = absl::StrCat("cannot read \"", path, "\": ", std::strerror(errno));
      return false;
    }
    stream << file.rdbuf();
  }
  content = stream.str();
  return true;
}

}  // namespace sipcm::cli
