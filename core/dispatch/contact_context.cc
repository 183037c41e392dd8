#include "core/dispatch/contact_context.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/sip/parameters.h"

namespace sipcm::dispatch {
namespace {

constexpr absl::string_view kContactParameter = "ms-opaque";

// `text` without `before` in front and `after` behind, in either form, where both are there.
bool StripPair(absl::string_view before, absl::string_view after, absl::string_view* text) {
  if (text->size() < before.size() + after.size() || !absl::StartsWithIgnoreCase(*text, before) ||
      !absl::EndsWithIgnoreCase(*text, after)) {
    return false;
  }
  text->remove_prefix(before.size());
  text->remove_suffix(after.size());
  return true;
}

}  // namespace

std::string ContactUri(const Endpoint& endpoint, absl::string_view sent_by,
                       absl::string_view transport) {
  return absl::StrCat("sip:", endpoint.id, "@", sent_by, ";transport=", transport, ";",
                      kContactParameter, "=", endpoint.id);
}

ContextKey::ContextKey(absl::string_view text) {
  text_.reserve(text.size());
  for (const char c : text) {
    text_.push_back(absl::ascii_tolower(static_cast<unsigned char>(c)));
  }
}

ContextKey ContextKey::OfInstance(absl::string_view instance) {
  StripPair("\"", "\"", &instance);
  StripPair("<", ">", &instance) || StripPair("%3c", "%3e", &instance);
  return ContextKey(absl::StartsWithIgnoreCase(instance, "urn:") ? instance : "");
}

ContactContext::ContactContext(const sip::UriView& request_uri) {
  if (!request_uri.ok() || !request_uri.is_sip()) return;
  sip::ParameterIterator parameters(request_uri.parameters);
  for (sip::Parameter parameter; parameters.Next(&parameter);) {
    if (absl::EqualsIgnoreCase(parameter.name, kContactParameter)) {
      contact = parameter.value;
    } else if (absl::EqualsIgnoreCase(parameter.name, "epid")) {
      endpoint_id = parameter.value;
    } else if (absl::EqualsIgnoreCase(parameter.name, "+sip.instance")) {
      instance = parameter.value;
    }
  }
}

}  // namespace sipcm::dispatch
