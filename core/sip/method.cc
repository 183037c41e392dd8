#include "core/sip/method.h"

#include <array>
#include <cstddef>

namespace sipcm::sip {
namespace {

constexpr std::array<absl::string_view, 14> kNames = {
    "INVITE",    "ACK",    "BYE",   "CANCEL", "OPTIONS", "MESSAGE", "REGISTER",
    "SUBSCRIBE", "NOTIFY", "REFER", "INFO",   "UPDATE",  "PRACK",   "PUBLISH",
};
static_assert(kNames.size() == static_cast<size_t>(Method::kOther));

Method Either(absl::string_view name, Method candidate) {
  return name == kNames[static_cast<size_t>(candidate)] ? candidate : Method::kOther;
}

}  // namespace

Method ParseMethod(absl::string_view name) {
  if (name.size() < 3) return Method::kOther;
  switch (name[0]) {
    case 'I':
      return Either(name, name.size() == 6 ? Method::kInvite : Method::kInfo);
    case 'A':
      return Either(name, Method::kAck);
    case 'B':
      return Either(name, Method::kBye);
    case 'C':
      return Either(name, Method::kCancel);
    case 'O':
      return Either(name, Method::kOptions);
    case 'M':
      return Either(name, Method::kMessage);
    case 'R':
      return Either(name, name.size() == 5 ? Method::kRefer : Method::kRegister);
    case 'S':
      return Either(name, Method::kSubscribe);
    case 'N':
      return Either(name, Method::kNotify);
    case 'U':
      return Either(name, Method::kUpdate);
    case 'P':
      return Either(name, name.size() == 5 ? Method::kPrack : Method::kPublish);
    default:
      return Method::kOther;
  }
}

absl::string_view MethodName(Method method) {
  if (method == Method::kOther) return {};
  return kNames[static_cast<size_t>(method)];
}

absl::string_view AllowedMethods() {
  return "INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE, REGISTER, SUBSCRIBE, NOTIFY, REFER, INFO, "
         "UPDATE, PRACK, PUBLISH";
}

bool MayStartDialog(Method method) {
  return method == Method::kInvite || method == Method::kSubscribe || method == Method::kNotify ||
         method == Method::kRefer;
}

}  // namespace sipcm::sip
