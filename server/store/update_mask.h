#ifndef SIPCM_SERVER_STORE_UPDATE_MASK_H_
#define SIPCM_SERVER_STORE_UPDATE_MASK_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"

namespace sipcm::server {

// How the fields of one kind of resource take to changes. Names are of top-level fields.
struct FieldRules {
  std::vector<absl::string_view> output_only;  // the server's: what a caller sends is ignored
  std::vector<absl::string_view> immutable;    // another value is refused (IMMUTABLE_FIELD)
};

// Clears what only the server says; for a resource that is about to be created.
void ClearOutputOnly(const FieldRules& rules, google::protobuf::Message* resource);

// Writes the fields of `patch` that `mask` names into `*target` (AIP-134):
//   no paths   every field that has a value in `patch`; nested messages are merged
//   "*"        every field: what has no value in `patch` gets its default
//   paths      these; lists and nested messages are replaced whole, a field without a value in
//              `patch` gets its default. Both "max_count" and "maxCount" are understood.
// Output-only fields, name and etag are passed over. INVALID_ARGUMENT with field "update_mask":
// UNKNOWN_FIELD_IN_MASK names the path. INVALID_ARGUMENT (IMMUTABLE_FIELD) with field
// "{patch_field}.{name}" and both values. `*target` is unchanged then. `patch_field` is where the
// request has `patch`. Both messages are of one type.
absl::Status ApplyUpdateMask(const google::protobuf::FieldMask& mask,
                             const google::protobuf::Message& patch, absl::string_view patch_field,
                             const FieldRules& rules, google::protobuf::Message* target);

// The top-level fields that ApplyUpdateMask would write, for resources of which only some can be
// changed: "max_connection_count". Same refusals.
absl::Status WrittenFields(const google::protobuf::FieldMask& mask,
                           const google::protobuf::Message& patch, const FieldRules& rules,
                           std::vector<std::string>* fields);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_STORE_UPDATE_MASK_H_
