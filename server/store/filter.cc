#include "server/store/filter.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"
#include "server/validation/refusal.h"

namespace sipcm::server {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

namespace {

absl::Status BadFilter(absl::string_view message) {
  return BadField("INVALID_FILTER", "filter",
                  absl::StrCat(message,
                               "; write comparisons like: state = LISTENING AND name : "
                               "\"edge\""));
}

std::string Quoted(absl::string_view text) {
  return absl::StrCat("\"", absl::Utf8SafeCEscape(text), "\"");
}

// One value as text, the way the filter's value is written. Messages have none.
std::string ValueText(const Message& message, const FieldDescriptor* field, int index) {
  const Reflection* r = message.GetReflection();
  const bool repeated = index >= 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return repeated ? r->GetRepeatedString(message, field, index) : r->GetString(message, field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return (repeated ? r->GetRepeatedEnum(message, field, index) : r->GetEnum(message, field))
          ->name();
    case FieldDescriptor::CPPTYPE_BOOL:
      return (repeated ? r->GetRepeatedBool(message, field, index) : r->GetBool(message, field))
                 ? "true"
                 : "false";
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(repeated ? r->GetRepeatedInt32(message, field, index)
                                   : r->GetInt32(message, field));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(repeated ? r->GetRepeatedInt64(message, field, index)
                                   : r->GetInt64(message, field));
    default:
      return "";
  }
}

bool IsComparable(const FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return field->type() == FieldDescriptor::TYPE_STRING;
    case FieldDescriptor::CPPTYPE_ENUM:
    case FieldDescriptor::CPPTYPE_BOOL:
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
      return true;
    default:
      return false;
  }
}

// The field called `name` in snake_case or camelCase.
const FieldDescriptor* FindField(const Descriptor* descriptor, absl::string_view name) {
  const std::string text(name);
  if (const FieldDescriptor* field = descriptor->FindFieldByName(text)) return field;
  return descriptor->FindFieldByCamelcaseName(text);
}

}  // namespace

// Takes the text apart, one condition at a time.
class Filter::Parser {
 public:
  Parser(absl::string_view text, const Descriptor* descriptor)
      : rest_(text), descriptor_(descriptor) {}

  absl::Status Run(std::vector<Condition>* conditions) {
    SkipSpace();
    while (!rest_.empty()) {
      SIPCM_ASSIGN_OR_RETURN(Condition condition, TakeCondition());
      conditions->push_back(std::move(condition));
      SkipSpace();
      if (rest_.empty()) break;
      absl::string_view after = rest_;
      if (absl::ConsumePrefix(&after, "AND") && !after.empty() && absl::ascii_isspace(after[0])) {
        rest_ = after;
        SkipSpace();
        if (rest_.empty()) return BadFilter("ends with AND");
      }
    }
    return absl::OkStatus();
  }

 private:
  void SkipSpace() { rest_ = absl::StripLeadingAsciiWhitespace(rest_); }

  absl::string_view TakeWord() {
    size_t length = 0;
    while (length < rest_.size() && !absl::ascii_isspace(rest_[length]) &&
           !absl::StrContains("=!:<>()\"", absl::string_view(&rest_[length], 1))) {
      ++length;
    }
    const absl::string_view word = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return word;
  }

  absl::StatusOr<Condition> TakeCondition() {
    const absl::string_view name = TakeWord();
    if (name.empty() || name == "OR" || name == "NOT" || name == "AND") {
      return BadFilter(
          absl::StrCat("expected a field at ", Quoted(name.empty() ? rest_.substr(0, 20) : name)));
    }
    Condition condition;
    SIPCM_RETURN_IF_ERROR(ResolvePath(name, &condition.path));
    SkipSpace();
    if (absl::ConsumePrefix(&rest_, "!=")) {
      condition.op = Operator::kDiffers;
    } else if (absl::ConsumePrefix(&rest_, "=")) {
      condition.op = Operator::kEquals;
    } else if (absl::ConsumePrefix(&rest_, ":")) {
      condition.op = Operator::kHas;
    } else {
      return BadFilter(absl::StrCat("expected =, != or : after ", Quoted(name)));
    }
    SkipSpace();
    SIPCM_RETURN_IF_ERROR(TakeValue(name, &condition));
    return condition;
  }

  absl::Status ResolvePath(absl::string_view name, std::vector<const FieldDescriptor*>* path) {
    const Descriptor* at = descriptor_;
    for (const absl::string_view part : absl::StrSplit(name, '.')) {
      const FieldDescriptor* field = at == nullptr ? nullptr : FindField(at, part);
      if (field == nullptr || field->is_map()) {
        return BadFilter(absl::StrCat(Quoted(name), " is not a field of ", descriptor_->name()));
      }
      path->push_back(field);
      at = field->message_type();
    }
    return absl::OkStatus();
  }

  absl::Status TakeValue(absl::string_view name, Condition* condition) {
    bool quoted = false;
    if (absl::ConsumePrefix(&rest_, "\"")) {
      quoted = true;
      const size_t end = rest_.find('"');
      if (end == absl::string_view::npos) {
        return BadFilter(absl::StrCat("the value of ", Quoted(name), " has no closing quote"));
      }
      condition->value = std::string(rest_.substr(0, end));
      rest_.remove_prefix(end + 1);
    } else {
      size_t length = 0;
      while (length < rest_.size() && !absl::ascii_isspace(rest_[length])) ++length;
      condition->value = std::string(rest_.substr(0, length));
      rest_.remove_prefix(length);
      if (condition->value.empty()) {
        return BadFilter(absl::StrCat("expected a value after ", Quoted(name)));
      }
    }
    condition->any_value = !quoted && condition->op == Operator::kHas && condition->value == "*";
    return CheckValue(name, *condition);
  }

  absl::Status CheckValue(absl::string_view name, const Condition& condition) {
    const FieldDescriptor* field = condition.path.back();
    if (condition.any_value) return absl::OkStatus();
    if (!IsComparable(field)) {
      return BadFilter(absl::StrCat(Quoted(name), " cannot be compared, only ", name, ":*"));
    }
    int64_t number = 0;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_ENUM:
        if (field->enum_type()->FindValueByName(condition.value) != nullptr) break;
        return BadFilter(
            absl::StrCat(Quoted(condition.value), " is not a value of ", Quoted(name)));
      case FieldDescriptor::CPPTYPE_BOOL:
        if (condition.value == "true" || condition.value == "false") break;
        return BadFilter(absl::StrCat(Quoted(name), " is true or false"));
      case FieldDescriptor::CPPTYPE_STRING:
        break;
      default:
        if (absl::SimpleAtoi(condition.value, &number)) break;
        return BadFilter(absl::StrCat(Quoted(name), " is a number"));
    }
    return absl::OkStatus();
  }

  absl::string_view rest_;
  const Descriptor* descriptor_;
};

absl::StatusOr<Filter> Filter::Parse(absl::string_view text, const Descriptor* descriptor) {
  if (text.size() > kMaxBytes) {
    return BadFilter(absl::StrCat("has ", text.size(), " bytes, more than ", kMaxBytes));
  }
  Filter filter;
  SIPCM_RETURN_IF_ERROR(Parser(text, descriptor).Run(&filter.conditions_));
  return filter;
}

bool Filter::HoldsFor(const Condition& condition, size_t depth, const Message& message) {
  const FieldDescriptor* field = condition.path[depth];
  const Reflection* reflection = message.GetReflection();
  const bool last = depth + 1 == condition.path.size();
  if (!last) {
    if (!field->is_repeated()) {
      return HoldsFor(condition, depth + 1, reflection->GetMessage(message, field));
    }
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      if (HoldsFor(condition, depth + 1, reflection->GetRepeatedMessage(message, field, i))) {
        return true;
      }
    }
    return false;
  }
  const int size = field->is_repeated() ? reflection->FieldSize(message, field) : -1;
  if (condition.any_value) return size == -1 ? reflection->HasField(message, field) : size > 0;
  const auto compare = [&](int index) {
    const std::string text = ValueText(message, field, index);
    return condition.op == Operator::kHas && field->type() == FieldDescriptor::TYPE_STRING
               ? absl::StrContains(absl::AsciiStrToLower(text),
                                   absl::AsciiStrToLower(condition.value))
               : text == condition.value;
  };
  bool any = false;
  if (size == -1) {
    any = compare(-1);
  } else {
    for (int i = 0; i < size && !any; ++i) any = compare(i);
  }
  return any;
}

bool Filter::Matches(const Message& message) const {
  for (const Condition& condition : conditions_) {
    const bool holds = HoldsFor(condition, 0, message);
    if (holds == (condition.op == Operator::kDiffers)) return false;
  }
  return true;
}

}  // namespace sipcm::server
