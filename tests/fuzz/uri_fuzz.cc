// The bytes are one header value or URI. Views lie within them, canonical texts are canonical, what
// was taken apart can be put together again, and a quoted text never ends early.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/base/check.h"
#include "core/sip/address_of_record.h"
#include "core/sip/characters.h"
#include "core/sip/name_address.h"
#include "core/sip/parameters.h"
#include "core/sip/uri.h"
#include "core/sip/via.h"
#include "core/sip/warning.h"

namespace sipcm::sip {
namespace {

void CheckWithin(absl::string_view part, absl::string_view whole) {
  if (part.empty()) return;
  SIPCM_CHECK(part.data() >= whole.data());
  SIPCM_CHECK(part.data() + part.size() <= whole.data() + whole.size());
}

void FuzzUri(absl::string_view text) {
  const UriView uri = ParseUri(text);
  if (!uri.ok()) {
    SIPCM_CHECK(AddressOfRecord(uri).empty());
    return;
  }
  for (absl::string_view part : {uri.scheme_name, uri.opaque, uri.user, uri.password, uri.host,
                                 uri.parameters, uri.headers}) {
    CheckWithin(part, text);
  }
  ParameterIterator parameters(uri.parameters);
  for (Parameter parameter; parameters.Next(&parameter);) CheckWithin(parameter.text, text);
  const AddressOfRecord address(uri);
  SIPCM_CHECK(!address.empty());
  if (!uri.is_sip()) return;
  const std::string canonical = absl::StrCat("sip:", address.text());
  const UriView again = ParseUri(canonical);
  SIPCM_CHECK(again.ok() && again.host_kind == uri.host_kind && again.has_user == uri.has_user);
  SIPCM_CHECK(AddressOfRecord(again).text() == address.text());
  SIPCM_CHECK(absl::EndsWith(address.text(), address.host()) && !address.host().empty());
}

void FuzzNameAddress(absl::string_view text) {
  NameAddress address;
  if (!ParseNameAddress(text, &address).empty()) return;
  for (absl::string_view part :
       {address.display_name, address.uri, address.parameters, address.tag}) {
    CheckWithin(part, text);
  }
  const std::string rewritten = absl::StrCat("<", address.uri, ">", address.parameters);
  NameAddress again;
  SIPCM_CHECK(ParseNameAddress(rewritten, &again).empty());
  SIPCM_CHECK(again.uri == address.uri && again.tag == address.tag);
  SIPCM_CHECK(again.parameters == address.parameters);
}

void FuzzVia(absl::string_view text) {
  Via via;
  if (!ParseFirstVia(text, &via).empty()) return;
  for (absl::string_view part : {via.element, via.version, via.transport, via.host, via.branch,
                                 via.received, via.parameters}) {
    CheckWithin(part, text);
  }
  SIPCM_CHECK(absl::EndsWith(via.element, via.parameters));
  Via again;
  SIPCM_CHECK(ParseVia(via.element, &again).empty());
  SIPCM_CHECK(again.element == via.element && again.branch == via.branch);
  SIPCM_CHECK(again.host == via.host && again.port == via.port && again.rport == via.rport);
}

void FuzzText(absl::string_view text) {
  std::string storage;
  const std::string unfolded(Unfold(text, &storage));
  SIPCM_CHECK(unfolded.find('\n') == std::string::npos);
  ListIterator elements(text);
  for (absl::string_view element; elements.Next(&element);) CheckWithin(element, text);
  const std::string warning = MakeWarning(kMiscellaneousWarning, text, text);
  for (char c : warning) SIPCM_CHECK(static_cast<unsigned char>(c) >= ' ' && c != 0x7f);
  const size_t quote = warning.find('"');
  const absl::string_view quoted = absl::string_view(warning).substr(quote);
  SIPCM_CHECK(QuotedStringLength(quoted) == quoted.size());
}

}  // namespace
}  // namespace sipcm::sip

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  // Its own allocation, so that the sanitizer sees a read past its end.
  const std::string copy(reinterpret_cast<const char*>(bytes), size);
  sipcm::sip::FuzzUri(copy);
  sipcm::sip::FuzzNameAddress(copy);
  sipcm::sip::FuzzVia(copy);
  sipcm::sip::FuzzText(copy);
  return 0;
}
