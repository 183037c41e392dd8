#ifndef SIPCM_CORE_TLS_SERVER_NAMES_H_
#define SIPCM_CORE_TLS_SERVER_NAMES_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "core/tls/certificate.h"

namespace sipcm::tls {

// Which of a listener's certificates a client gets that asks for a name (SNI, RFC 6066 3). A name
// of a certificate comes before a wildcard that covers it, and among equals the certificate that
// was added first. Names are the dNSName entries, and the CN of a certificate that has none
// (RFC 6125 6.4.4). A wildcard is a whole left-most label and stands for exactly one (RFC 6125
// 6.4.3); whether it accepts such a name from us is the client's business. Not thread-safe while it
// is built; then immutable.
class ServerNames {
 public:
  void Add(const Certificate& leaf, size_t index);

  // `asked` as the client sent it; nothing when no name fits.
  std::optional<size_t> Find(absl::string_view asked) const;

 private:
  void AddName(absl::string_view name, size_t index);

  absl::flat_hash_map<std::string, size_t> names_;
  absl::flat_hash_map<std::string, size_t> wildcards_;  // what follows "*."
};

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_SERVER_NAMES_H_
