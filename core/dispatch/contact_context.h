#ifndef SIPCM_CORE_DISPATCH_CONTACT_CONTEXT_H_
#define SIPCM_CORE_DISPATCH_CONTACT_CONTEXT_H_

#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "core/dispatch/endpoint.h"
#include "core/sip/uri.h"

namespace sipcm::dispatch {

// A Contact that leads back to `endpoint`, whatever address we are reached by: UCMA's "ms-opaque"
// has the endpoint's id. `sent_by` host[:port], `transport` "tcp" or "tls".
std::string ContactUri(const Endpoint& endpoint, absl::string_view sent_by,
                       absl::string_view transport);

// The text by which an epid or an instance is looked up: lower case; of an instance ("<urn:...>",
// with quotes or %-escaped brackets as they come) the bare URN. No allocation up to kInlineBytes.
class ContextKey {
 public:
  static constexpr size_t kInlineBytes = 64;

  static ContextKey OfEndpointId(absl::string_view epid) { return ContextKey(epid); }
  // Empty when it is no URN.
  static ContextKey OfInstance(absl::string_view instance);

  absl::string_view text() const { return {text_.data(), text_.size()}; }
  bool empty() const { return text_.empty(); }

 private:
  explicit ContextKey(absl::string_view text);

  absl::InlinedVector<char, kInlineBytes> text_;
};

// What a Request-URI has of what an endpoint handed out; views into it. All empty: nothing.
struct ContactContext {
  absl::string_view contact;      // of ContactUri(): an endpoint's id
  absl::string_view endpoint_id;  // "epid"
  absl::string_view instance;     // "+sip.instance"

  explicit ContactContext(const sip::UriView& request_uri);
};

}  // namespace sipcm::dispatch

#endif  // SIPCM_CORE_DISPATCH_CONTACT_CONTEXT_H_
