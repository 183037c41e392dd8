#ifndef SIPCM_SERVER_CONVERSION_ADDRESS_CONVERSION_H_
#define SIPCM_SERVER_CONVERSION_ADDRESS_CONVERSION_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/net/address.h"
#include "core/pool/destination.h"
#include "proto/sipcm/v1/types.pb.h"

namespace sipcm::server {

sipcm::v1::SocketAddress ToProto(const net::SocketAddress& address);
// The same, in place.
void FillAddress(const net::SocketAddress& address, sipcm::v1::SocketAddress* proto);
sipcm::v1::Destination ToProto(const pool::Destination& destination);
sipcm::v1::Transport ToProto(connection::Transport transport);
sipcm::v1::Direction ToProto(connection::Direction direction);

// `field` is the path of `proto` in the request: refusals name "{field}.host", "{field}.port".
absl::StatusOr<net::SocketAddress> FromProto(const sipcm::v1::SocketAddress& proto,
                                             absl::string_view field);
// An unspecified transport becomes `default_transport`.
absl::StatusOr<pool::Destination> FromProto(const sipcm::v1::Destination& proto,
                                            connection::Transport default_transport,
                                            absl::string_view field);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CONVERSION_ADDRESS_CONVERSION_H_
