#ifndef SIPCM_SERVER_STORE_FILTER_H_
#define SIPCM_SERVER_STORE_FILTER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace sipcm::server {

// The part of AIP-160 that lists need: comparisons joined by AND (or by spaces).
//
//   state = LISTENING AND name : "edge"
//   remote_address.host = "192.0.2.7"  direction = INCOMING
//
//   field = value    equal; != not equal. Enums by name, booleans true and false, numbers, and
//                    strings with or without double quotes (needed for spaces)
//   field : value    strings: contains, ASCII case-insensitively; field:* has a value
// Fields are named as in the resource, nested ones with dots, snake_case or camelCase. Of a list
// any element counts. OR, NOT and parentheses are refused.
class Filter {
 public:
  static constexpr size_t kMaxBytes = 2000;

  // An empty text matches everything. INVALID_ARGUMENT (INVALID_FILTER, field "filter") names the
  // part that is wrong and what would be right.
  static absl::StatusOr<Filter> Parse(absl::string_view text,
                                      const google::protobuf::Descriptor* descriptor);

  // `message` is of the descriptor's type.
  bool Matches(const google::protobuf::Message& message) const;

 private:
  enum class Operator : unsigned char { kEquals, kDiffers, kHas };
  struct Condition {
    std::vector<const google::protobuf::FieldDescriptor*> path;
    Operator op = Operator::kEquals;
    std::string value;
    bool any_value = false;  // field:*
  };
  class Parser;

  static bool HoldsFor(const Condition& condition, size_t depth,
                       const google::protobuf::Message& message);

  std::vector<Condition> conditions_;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_STORE_FILTER_H_
