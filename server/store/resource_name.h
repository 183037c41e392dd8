#ifndef SIPCM_SERVER_STORE_RESOURCE_NAME_H_
#define SIPCM_SERVER_STORE_RESOURCE_NAME_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sipcm::server {

// Collections, as they stand in resource names (AIP-122).
inline constexpr char kConnectionManagers[] = "connectionManagers";
inline constexpr char kEndpoints[] = "endpoints";
inline constexpr char kCertificates[] = "certificates";
inline constexpr char kTrustBundles[] = "trustBundles";
inline constexpr char kPools[] = "pools";              // below a connection manager
inline constexpr char kConnections[] = "connections";  // below a connection manager

inline constexpr int kMaxIdLength = 63;

// "connectionManagers" + "edge" -> "connectionManagers/edge"
std::string ResourceName(absl::string_view collection, absl::string_view id);

// The id of `name`, which stands in the request's `field`. INVALID_ARGUMENT: REQUIRED_FIELD_MISSING
// when empty, INVALID_NAME when it is not "{collection}/{id}".
absl::StatusOr<std::string> ParseName(absl::string_view name, absl::string_view collection,
                                      absl::string_view field);

// "connectionManagers/{manager}/{collection}/{id}". The id is not looked into: pools have theirs
// with colons, connections are hexadecimal.
struct ChildName {
  std::string manager_id;
  std::string id;
};
absl::StatusOr<ChildName> ParseChildName(absl::string_view name, absl::string_view collection,
                                         absl::string_view field);

// The manager of `parent`: "connectionManagers/{id}", or "connectionManagers/-" for all, which
// gives an empty id.
absl::StatusOr<std::string> ParseParent(absl::string_view parent, absl::string_view field);

// Ids that callers choose: 1 to 63 of a-z, A-Z, 0-9, '-', '_', '.', a letter or digit first.
// INVALID_ARGUMENT: REQUIRED_FIELD_MISSING, INVALID_NAME.
absl::Status CheckNewId(absl::string_view id, absl::string_view field);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_STORE_RESOURCE_NAME_H_
