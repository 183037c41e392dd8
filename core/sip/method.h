#ifndef SIPCM_CORE_SIP_METHOD_H_
#define SIPCM_CORE_SIP_METHOD_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace sipcm::sip {

// The methods that have a meaning here; every other valid token is kOther.
enum class Method : uint8_t {
  kInvite,
  kAck,
  kBye,
  kCancel,
  kOptions,
  kMessage,
  kRegister,
  kSubscribe,
  kNotify,
  kRefer,
  kInfo,
  kUpdate,
  kPrack,
  kPublish,
  kOther,
};

// Case-sensitive, as RFC 3261 7.1 has it: "invite" and "RE%47ISTER" are kOther.
Method ParseMethod(absl::string_view name);

// "INVITE"; empty for kOther.
absl::string_view MethodName(Method method);

// The value of an Allow header with every method known here.
absl::string_view AllowedMethods();

// Whether the request may start a dialog, so that its 101-299 responses carry Record-Route
// (RFC 3261 12.1.1, RFC 6665 4.4.1, RFC 3515).
bool MayStartDialog(Method method);

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_METHOD_H_
