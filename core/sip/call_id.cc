#include "core/sip/call_id.h"

namespace sipcm::sip {

bool IsCallId(absl::string_view text) {
  for (char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) return false;
  }
  return !text.empty();
}

}  // namespace sipcm::sip
