#ifndef SIPCM_CORE_SIP_NAME_ADDRESS_H_
#define SIPCM_CORE_SIP_NAME_ADDRESS_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace sipcm::sip {

// How the URI was written: without <> every parameter belongs to the header (RFC 3261 20.10).
enum class AddressForm : uint8_t { kNameAddress, kAddressOnly };

// (name-addr / addr-spec) *(SEMI parameter): From, To, and one element of Contact, Route, ….
// Views into the text that was parsed.
struct NameAddress {
  AddressForm form = AddressForm::kAddressOnly;
  absl::string_view display_name;  // without its quotes, quoted pairs as written; may be empty
  absl::string_view uri;           // without <>; scheme checked, the rest not: see ParseUri
  absl::string_view parameters;    // header parameters, raw, from the first ";"; empty: none
  absl::string_view tag;           // empty: none
};

// What is wrong with `text` (static), empty when well-formed and `*address` is filled. Whitespace
// inside <> is dropped (RFC 4475 3.1.2.14); an unquoted display name may hold commas.
absl::string_view ParseNameAddress(absl::string_view text, NameAddress* address);

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_NAME_ADDRESS_H_
