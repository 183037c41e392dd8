#include "core/sip/header_reader.h"

#include "absl/strings/match.h"

namespace sipcm::sip {

bool HeaderReader::Next(absl::string_view* element) {
  while (field_ != nullptr) {
    if (elements_.Next(element)) return true;
    well_formed_ = well_formed_ && elements_.well_formed();
    field_ = message_.FindNext(*field_);
    elements_ = ListIterator(Value());
  }
  return false;
}

bool HeaderContains(const MessageView& message, HeaderId id, absl::string_view token) {
  HeaderReader reader(message, id);
  for (absl::string_view element; reader.Next(&element);) {
    if (absl::EqualsIgnoreCase(element, token)) return true;
  }
  return false;
}

}  // namespace sipcm::sip
