#ifndef SIPCM_CORE_SIP_GRUU_H_
#define SIPCM_CORE_SIP_GRUU_H_

#include <cstddef>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "core/sip/uri.h"

namespace sipcm::sip {

// The canonical text of a globally routable user agent URI: two of them name the same instance
// exactly when these texts are equal.
//
//   RFC 5627 public    "alice@example.com;gr=urn:uuid:..."
//   RFC 5627 temporary "tgruu.7hs==@example.com;gr"
//   MS-SIPRE           "alice@example.com;opaque=user:epid:...;gruu"
//
// The address is AddressOfRecord's text; the parameter's value is lower-cased and its %-escapes of
// unreserved characters are resolved (RFC 3261 19.1.4). Other parameters do not count. No
// allocation up to kInlineBytes. A value; views of it live as long as it does.
class Gruu {
 public:
  static constexpr size_t kInlineBytes = 256;

  // Empty text when `uri` has a fault or is no GRUU. One without parameters costs nothing.
  explicit Gruu(const UriView& uri);
  Gruu(const Gruu&) = delete;
  Gruu& operator=(const Gruu&) = delete;

  absl::string_view text() const { return {text_.data(), text_.size()}; }
  bool empty() const { return text_.empty(); }

 private:
  void Append(absl::string_view bytes) { text_.insert(text_.end(), bytes.begin(), bytes.end()); }
  void AppendValue(absl::string_view value);

  absl::InlinedVector<char, kInlineBytes> text_;
};

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_GRUU_H_
