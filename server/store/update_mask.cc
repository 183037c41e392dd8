#include "server/store/update_mask.h"

#include <algorithm>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/util/field_mask_util.h"
#include "google/protobuf/util/message_differencer.h"
#include "server/validation/refusal.h"

namespace sipcm::server {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::util::FieldMaskUtil;

bool Contains(const std::vector<absl::string_view>& names, absl::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool IsPassedOver(const FieldRules& rules, absl::string_view field) {
  return field == "name" || field == "etag" || Contains(rules.output_only, field);
}

absl::string_view FirstSegment(absl::string_view path) { return path.substr(0, path.find('.')); }

// "maxConnectionCount" -> "max_connection_count"; dots stay.
std::string SnakeCase(absl::string_view camel) {
  std::string snake;
  for (const char c : camel) {
    if (absl::ascii_isupper(c)) snake += '_';
    snake += absl::ascii_tolower(c);
  }
  return snake;
}

// The value for a scalar, in words a person typed or can type.
std::string Shown(const Message& message, const FieldDescriptor* field) {
  std::string text;
  const Reflection* reflection = message.GetReflection();
  if (field->type() == FieldDescriptor::TYPE_ENUM) {
    text = reflection->GetEnum(message, field)->name();
  } else if (field->type() == FieldDescriptor::TYPE_STRING) {
    text = reflection->GetString(message, field);
  } else {
    return "another value";
  }
  return absl::StrCat("\"", absl::Utf8SafeCEscape(text), "\"");
}

bool SameField(const Message& a, const Message& b, const FieldDescriptor* field) {
  google::protobuf::util::MessageDifferencer differencer;
  return differencer.CompareWithFields(a, b, {field}, {field});
}

// Paths as snake_case, each known to the descriptor, "*" expanded, passed-over ones dropped.
absl::Status ResolvePaths(const FieldMask& mask, const Message& patch, const FieldRules& rules,
                          std::vector<std::string>* paths) {
  const auto* descriptor = patch.GetDescriptor();
  const bool everything =
      std::find(mask.paths().begin(), mask.paths().end(), "*") != mask.paths().end();
  if (everything || mask.paths_size() == 0) {
    for (int i = 0; i < descriptor->field_count(); ++i) {
      const FieldDescriptor* field = descriptor->field(i);
      const bool has_value = field->is_repeated()
                                 ? patch.GetReflection()->FieldSize(patch, field) > 0
                                 : patch.GetReflection()->HasField(patch, field);
      if (!everything && !has_value) continue;
      if (!IsPassedOver(rules, field->name())) paths->push_back(field->name());
    }
    return absl::OkStatus();
  }
  for (const std::string& given : mask.paths()) {
    std::string path = given;
    if (path.empty() || !FieldMaskUtil::GetFieldDescriptors(descriptor, path, nullptr)) {
      const std::string snake = SnakeCase(given);
      if (snake.empty() || !FieldMaskUtil::GetFieldDescriptors(descriptor, snake, nullptr)) {
        return BadField(
            "UNKNOWN_FIELD_IN_MASK", "update_mask",
            absl::StrCat("\"", absl::Utf8SafeCEscape(given), "\" is not a field of ",
                         descriptor->name(), "; name fields as in the resource, lists as a whole"));
      }
      path = snake;
    }
    if (!IsPassedOver(rules, FirstSegment(path))) paths->push_back(path);
  }
  return absl::OkStatus();
}

absl::Status CheckImmutable(const std::vector<std::string>& paths, bool only_given_values,
                            const Message& patch, absl::string_view patch_field,
                            const FieldRules& rules, const Message& target) {
  for (const std::string& path : paths) {
    const absl::string_view name = FirstSegment(path);
    if (!Contains(rules.immutable, name)) continue;
    const FieldDescriptor* field = patch.GetDescriptor()->FindFieldByName(std::string(name));
    const bool has_value = field->is_repeated() || patch.GetReflection()->HasField(patch, field);
    // With "*" a caller may leave it out: it cannot mean to reset what cannot change.
    if ((only_given_values && !has_value) || SameField(patch, target, field)) continue;
    return BadField("IMMUTABLE_FIELD", absl::StrCat(patch_field, ".", name),
                    absl::StrCat("cannot change from ", Shown(target, field), " to ",
                                 Shown(patch, field), "; create another resource instead"));
  }
  return absl::OkStatus();
}

}  // namespace

void ClearOutputOnly(const FieldRules& rules, Message* resource) {
  for (const absl::string_view name : rules.output_only) {
    resource->GetReflection()->ClearField(
        resource, resource->GetDescriptor()->FindFieldByName(std::string(name)));
  }
}

absl::Status ApplyUpdateMask(const FieldMask& mask, const Message& patch,
                             absl::string_view patch_field, const FieldRules& rules,
                             Message* target) {
  std::vector<std::string> paths;
  SIPCM_RETURN_IF_ERROR(ResolvePaths(mask, patch, rules, &paths));
  const bool implied = mask.paths_size() == 0;
  const bool everything =
      std::find(mask.paths().begin(), mask.paths().end(), "*") != mask.paths().end();
  SIPCM_RETURN_IF_ERROR(CheckImmutable(paths, everything, patch, patch_field, rules, *target));

  FieldMask resolved;
  for (const std::string& path : paths) {
    if (Contains(rules.immutable, path)) continue;  // equal, or left out
    resolved.add_paths(path);
  }
  // An empty mask would merge everything, output-only fields included.
  if (resolved.paths_size() == 0) return absl::OkStatus();
  FieldMaskUtil::MergeOptions options;
  options.set_replace_message_fields(!implied);
  options.set_replace_repeated_fields(true);
  FieldMaskUtil::MergeMessageTo(patch, resolved, options, target);
  return absl::OkStatus();
}

absl::Status WrittenFields(const FieldMask& mask, const Message& patch, const FieldRules& rules,
                           std::vector<std::string>* fields) {
  std::vector<std::string> paths;
  SIPCM_RETURN_IF_ERROR(ResolvePaths(mask, patch, rules, &paths));
  for (const std::string& path : paths) fields->push_back(std::string(FirstSegment(path)));
  return absl::OkStatus();
}

}  // namespace sipcm::server
