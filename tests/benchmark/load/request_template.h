#ifndef SIPCM_TESTS_BENCHMARK_LOAD_REQUEST_TEMPLATE_H_
#define SIPCM_TESTS_BENCHMARK_LOAD_REQUEST_TEMPLATE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace sipcm::load {

// What tells one request of a run from all others; travels in its Via branch and Call-ID.
struct RequestId {
  uint32_t connection = 0;  // index, below 2^20
  uint32_t slot = 0;        // place in the connection's window, below 2^16
  uint64_t sequence = 0;    // counts requests of the connection, below 2^44
};

// Starts every branch that we make; the id follows as kIdLength hexadecimal digits.
inline constexpr absl::string_view kBranchPrefix = "z9hG4bK-load-";
inline constexpr size_t kIdLength = 20;

// The id in `digits`; nothing when they are not kIdLength lower-case hexadecimal digits.
absl::optional<RequestId> ParseRequestId(absl::string_view digits);

struct RequestShape {
  std::string method = "OPTIONS";
  std::string uri = "sip:echo@example.com";
  std::string transport = "TCP";  // of the Via
  size_t byte_count = 500;        // of the whole message; at least what it needs without padding
};

// One SIP request, built once; each copy of it gets its own id. Thread: any; it does not change.
class RequestTemplate {
 public:
  explicit RequestTemplate(const RequestShape& shape);
  size_t size() const { return text_.size(); }
  void AppendTo(const RequestId& id, std::string* output) const;

 private:
  std::string text_;
  size_t branch_offset_;
  size_t call_id_offset_;
};

}  // namespace sipcm::load

#endif  // SIPCM_TESTS_BENCHMARK_LOAD_REQUEST_TEMPLATE_H_
