// The bytes are one DNS reply. Whatever they are, it ends; what is read are host names and numbers
// that came, and no more than the limits.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "core/base/check.h"
#include "core/net/dns/dns_reply.h"

namespace sipcm::net {
namespace {

void CheckName(absl::string_view name) {
  SIPCM_CHECK(name.size() <= 253);
  for (const char c : name) SIPCM_CHECK(c > ' ' && c < 0x7f && !('A' <= c && c <= 'Z'));
}

void FuzzReply(absl::string_view bytes) {
  const std::optional<DnsReply> reply = ParseDnsReply(bytes);
  if (!reply.has_value()) return;
  SIPCM_CHECK(reply->services.size() <= DnsReply::kMaxRecords);
  SIPCM_CHECK(reply->pointers.size() <= DnsReply::kMaxRecords);
  SIPCM_CHECK(reply->ttl >= absl::ZeroDuration());
  for (const ServiceRecord& service : reply->services) CheckName(service.target);
  for (const PointerRecord& pointer : reply->pointers) CheckName(pointer.replacement);
}

}  // namespace
}  // namespace sipcm::net

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sipcm::net::FuzzReply(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
