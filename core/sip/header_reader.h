#ifndef SIPCM_CORE_SIP_HEADER_READER_H_
#define SIPCM_CORE_SIP_HEADER_READER_H_

#include "absl/strings/string_view.h"
#include "core/sip/message_view.h"
#include "core/sip/parameters.h"

namespace sipcm::sip {

// Walks over the elements of a list header in all its rows, in order: each Via, Route, Contact,
// Require, … of a message. Folds stay inside elements. Allocates nothing.
//
//   HeaderReader routes(message, HeaderId::kRoute);
//   for (absl::string_view route; routes.Next(&route);) ...
class HeaderReader {
 public:
  // `message` must outlive this and stay filled. `id` must name a header whose grammar is a
  // comma-separated list (not Date, Subject, User-Agent, the Authorization family, …).
  HeaderReader(const MessageView& message, HeaderId id)
      : message_(message), field_(message.Find(id)), elements_(Value()) {}

  bool Next(absl::string_view* element);

  // False once an element with unbalanced quotes or <> was met.
  bool well_formed() const { return well_formed_ && elements_.well_formed(); }

 private:
  absl::string_view Value() const {
    return field_ == nullptr ? absl::string_view() : message_.value(*field_);
  }

  const MessageView& message_;
  const HeaderField* field_;
  ListIterator elements_;
  bool well_formed_ = true;
};

// Whether a list header of option tags or methods (Require, Supported, Allow) holds `token`,
// ASCII case-insensitively.
bool HeaderContains(const MessageView& message, HeaderId id, absl::string_view token);

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_HEADER_READER_H_
