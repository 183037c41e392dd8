#include "core/transaction/call_key.h"

#include "absl/strings/str_cat.h"

namespace sipcm::transaction {

std::string CallKeyOf(const sip::MessageView& message) {
  // None of them holds a space.
  return absl::StrCat(message.call_id(), " ", message.cseq_number(), " ", message.from_tag(), " ",
                      message.to_tag());
}

}  // namespace sipcm::transaction
