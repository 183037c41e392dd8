#include "server/messaging/conversion/resource_text.h"

#include "absl/strings/str_cat.h"
#include "server/store/resource_name.h"

namespace sipcm::server {
namespace {

void Assign(absl::string_view collection, absl::string_view id, std::string* name) {
  name->clear();
  absl::StrAppend(name, collection, "/", id);
}

}  // namespace

void AssignEndpointName(absl::string_view id, std::string* name) { Assign(kEndpoints, id, name); }

void AssignManagerName(absl::string_view id, std::string* name) {
  Assign(kConnectionManagers, id, name);
}

void AssignConnectionName(absl::string_view manager_id, connection::ConnectionId connection,
                          std::string* name) {
  name->clear();
  if (!connection.is_valid()) return;
  absl::StrAppend(name, kConnectionManagers, "/", manager_id, "/", kConnections, "/",
                  absl::Hex(connection.value()));
}

void AssignPoolName(absl::string_view manager_id, absl::string_view pool_id, std::string* name) {
  name->clear();
  absl::StrAppend(name, kConnectionManagers, "/", manager_id, "/", kPools, "/", pool_id);
}

void AssignRequestId(dispatch::RequestId id, std::string* text) {
  const absl::AlphaNum digits(absl::Hex(id.value(), absl::kZeroPad16));
  text->assign(digits.data(), digits.size());
}

}  // namespace sipcm::server
