#ifndef SIPCM_CORE_SIP_ADDRESS_OF_RECORD_H_
#define SIPCM_CORE_SIP_ADDRESS_OF_RECORD_H_

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "core/sip/uri.h"

namespace sipcm::sip {

// The canonical text by which endpoints are found (RFC 3261 10.3): two URIs name the same
// address-of-record exactly when these texts are equal.
//
//   sip, sips  "user@host", or "host" without a user
//   tel        "tel:+15550100": visual separators dropped, lower case
//   other      the URI as written
//
// Dropped: the scheme (sip and sips name the same user, 26.2.2), password, port, parameters and
// headers. The host is lower-cased and loses one trailing dot; an IPv6 host keeps brackets. The
// user stays case-sensitive; %-escapes of unreserved characters are resolved and all others keep
// upper-case hex (19.1.4), so that "a%40b" never becomes another's "a@b" nor "%00" ends a string.
// No allocation up to kInlineBytes. A value; views of it live as long as it does.
class AddressOfRecord {
 public:
  static constexpr size_t kInlineBytes = 128;

  // Empty text when `uri` has a fault.
  explicit AddressOfRecord(const UriView& uri);
  AddressOfRecord(const AddressOfRecord&) = delete;
  AddressOfRecord& operator=(const AddressOfRecord&) = delete;

  absl::string_view text() const { return {text_.data(), text_.size()}; }
  // The host alone: the key of an endpoint that owns a whole domain. Empty unless sip or sips.
  absl::string_view host() const { return text().substr(host_offset_); }
  bool empty() const { return text_.empty(); }

 private:
  void AppendUser(absl::string_view user);
  void AppendHost(const UriView& uri);
  void AppendNumber(absl::string_view number);
  void Append(absl::string_view bytes) { text_.insert(text_.end(), bytes.begin(), bytes.end()); }

  absl::InlinedVector<char, kInlineBytes> text_;
  size_t host_offset_ = 0;
};

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_ADDRESS_OF_RECORD_H_
