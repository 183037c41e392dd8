#include "core/engine/registered/registered_order.h"

#include "absl/strings/str_cat.h"
#include "core/engine/dialogs/dialog_order.h"
#include "core/sip/header_id.h"
#include "core/sip/method.h"

namespace sipcm::engine {
namespace {

using sip::HeaderId;

// The first such header; null: none.
const std::string* ValueOf(const SendOrder& order, HeaderId id) {
  for (const auto& [name, value] : order.message.headers) {
    if (sip::LookupHeader(name) == id) return &value;
  }
  return nullptr;
}

}  // namespace

void AddRegistration(const registration::RegistrationStatus& status, SendOrder* order) {
  if (!order->message.raw.empty() || order->dialog.is_valid()) return;
  auto& headers = order->message.headers;
  if (!IsInDialog(*order) && ValueOf(*order, HeaderId::kRoute) == nullptr) {
    for (const std::string& route : status.service_routes) {
      headers.emplace_back("Route", absl::StrCat("<", route, ">"));
    }
  }
  if (!sip::MayStartDialog(sip::ParseMethod(order->method)) ||
      ValueOf(*order, HeaderId::kContact) != nullptr) {
    return;
  }
  const bool has_gruu = !status.public_gruu.empty();
  const std::string& contact = has_gruu ? status.public_gruu : status.contact_uri;
  if (!contact.empty()) headers.emplace_back("Contact", absl::StrCat("<", contact, ">"));
  if (has_gruu && ValueOf(*order, HeaderId::kSupported) == nullptr) {
    headers.emplace_back("Supported", "gruu");
  }
}

}  // namespace sipcm::engine
