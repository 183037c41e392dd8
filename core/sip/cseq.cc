#include "core/sip/cseq.h"

#include "core/sip/characters.h"

namespace sipcm::sip {

CseqForm ParseCseq(absl::string_view text, Cseq* cseq) {
  *cseq = Cseq();
  size_t digits = 0;
  while (digits < text.size() && IsDigit(text[digits])) ++digits;
  const absl::string_view method = Trim(text.substr(digits));
  if (digits == 0 || digits == text.size() || !IsSpace(text[digits]) || !IsToken(method)) {
    return CseqForm::kMalformed;
  }
  cseq->method = method;
  uint64_t number = 0;
  if (!ParseNumber(text.substr(0, digits), kMaxCseq, &number)) return CseqForm::kOutOfRange;
  cseq->number = static_cast<uint32_t>(number);
  return CseqForm::kValid;
}

}  // namespace sipcm::sip
