#include "clients/cli/field_text.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "proto/sipcm/v1/types.pb.h"

namespace sipcm::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool IsSet(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  return field.is_repeated() ? reflection.FieldSize(message, &field) > 0
                             : reflection.HasField(message, &field);
}

// Messages that are shown as one value. Empty: a message with fields of its own.
std::string ValueText(const Message& message) {
  if (const auto* duration = dynamic_cast<const google::protobuf::Duration*>(&message)) {
    return google::protobuf::util::TimeUtil::ToString(*duration);
  }
  if (const auto* time = dynamic_cast<const google::protobuf::Timestamp*>(&message)) {
    return google::protobuf::util::TimeUtil::ToString(*time);
  }
  if (const auto* address = dynamic_cast<const v1::SocketAddress*>(&message)) {
    return absl::StrContains(address->host(), ':')
               ? absl::StrCat("[", address->host(), "]:", address->port())
               : absl::StrCat(address->host(), ":", address->port());
  }
  return "";
}

bool IsValue(const FieldDescriptor& field) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return true;
  const std::string& type = field.message_type()->full_name();
  return type == "google.protobuf.Duration" || type == "google.protobuf.Timestamp" ||
         type == "sipcm.v1.SocketAddress";
}

std::string BytesOrText(const FieldDescriptor& field, const std::string& value) {
  return field.type() == FieldDescriptor::TYPE_BYTES ? absl::BytesToHexString(value) : value;
}

std::string SingleText(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(reflection.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(reflection.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(reflection.GetUInt64(message, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return absl::StrCat(reflection.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return absl::StrCat(reflection.GetFloat(message, &field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection.GetEnum(message, &field)->name();
    case FieldDescriptor::CPPTYPE_STRING:
      return BytesOrText(field, reflection.GetString(message, &field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return ValueText(reflection.GetMessage(message, &field));
  }
  return "";
}

// The lists of the API hold strings or messages only.
std::string ElementText(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return BytesOrText(field, reflection.GetRepeatedString(message, &field, index));
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection.GetRepeatedInt32(message, &field, index));
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection.GetRepeatedEnum(message, &field, index)->name();
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return ValueText(reflection.GetRepeatedMessage(message, &field, index));
    default:
      return "";
  }
}

std::string Text(const Message& message, const FieldDescriptor& field) {
  if (!field.is_repeated()) return SingleText(message, field);
  std::vector<std::string> elements;
  const int count = message.GetReflection()->FieldSize(message, &field);
  for (int i = 0; i < count; ++i) elements.push_back(ElementText(message, field, i));
  return absl::StrJoin(elements, ", ");
}

void Collect(const Message& message, const std::string& prefix,
             std::vector<std::pair<std::string, std::string>>& texts) {
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    if (!IsSet(message, field)) continue;
    const std::string path = absl::StrCat(prefix, field.name());
    if (IsValue(field) && !field.is_map()) {
      texts.emplace_back(path, Text(message, field));
    } else if (!field.is_repeated()) {
      Collect(reflection.GetMessage(message, &field), absl::StrCat(path, "."), texts);
    } else {
      for (int index = 0; index < reflection.FieldSize(message, &field); ++index) {
        Collect(reflection.GetRepeatedMessage(message, &field, index),
                absl::StrCat(path, "[", index, "]."), texts);
      }
    }
  }
}

}  // namespace

std::string FieldText(const Message& message, absl::string_view path) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(path, absl::MaxSplits('.', 1));
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(parts.first);
  if (field == nullptr || !IsSet(message, *field)) return "";
  if (parts.second.empty()) return Text(message, *field);
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return "";
  if (!field->is_repeated()) {
    return FieldText(message.GetReflection()->GetMessage(message, field), parts.second);
  }
  std::vector<std::string> texts;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
    texts.push_back(
        FieldText(message.GetReflection()->GetRepeatedMessage(message, field, i), parts.second));
  }
  return absl::StrJoin(texts, ", ");
}

std::vector<std::pair<std::string, std::string>> FieldTexts(const Message& message) {
  std::vector<std::pair<std::string, std::string>> texts;
  Collect(message, "", texts);
  return texts;
}

}  // namespace sipcm::cli
