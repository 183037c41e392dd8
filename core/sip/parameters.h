#ifndef SIPCM_CORE_SIP_PARAMETERS_H_
#define SIPCM_CORE_SIP_PARAMETERS_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace sipcm::sip {

// One of ";name=value;flag". Views into the text that was given; `value` keeps its quotes.
struct Parameter {
  absl::string_view name;
  absl::string_view value;
  bool has_value = false;  // "a=" has an empty value, "a" has none
  absl::string_view text;  // from its ";" to its last byte
};

// Walks over header or URI parameters: *(SEMI name [EQUAL value]) with linear whitespace, folds
// included, around both separators (RFC 3261 25.1). A value is a quoted string or any URI
// characters but ";" and ",", so that "received=2001:db8::1" passes (RFC 5118 4.5). A comma ends
// the walk.
class ParameterIterator {
 public:
  // `text` is empty or starts with ";" (whitespace before it is fine). Must outlive the views.
  explicit ParameterIterator(absl::string_view text) : rest_(text) {}

  // False at the end, at a comma, or at the first fault: see well_formed().
  bool Next(Parameter* parameter);

  // What was not walked over: after the end, empty or from the comma on.
  absl::string_view rest() const { return rest_; }

  // False once an empty parameter, a bad name, an unterminated quote or stray text was met.
  bool well_formed() const { return well_formed_; }

 private:
  bool Fault();

  absl::string_view rest_;
  bool well_formed_ = true;
};

// The first parameter called `name` (ASCII case-insensitive); false when there is none.
bool FindParameter(absl::string_view text, absl::string_view name, Parameter* parameter);

// Walks over a comma-separated list; commas inside quotes or <> do not part. Elements come trimmed;
// empty ones are skipped.
class ListIterator {
 public:
  explicit ListIterator(absl::string_view text) : rest_(text) {}

  bool Next(absl::string_view* element);

  // What is left behind the element that Next() gave last, its comma dropped.
  absl::string_view rest() const { return rest_; }
  // False once an unterminated quote or "<" was met; the element that has it runs to the end.
  bool well_formed() const { return well_formed_; }

 private:
  absl::string_view rest_;
  bool well_formed_ = true;
};

// The length of the quoted string at the front of `text`, both quotes included; 0 when `text` does
// not start with a quote or the quote does not end.
size_t QuotedStringLength(absl::string_view text);

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_PARAMETERS_H_
