#ifndef SIPCM_TESTS_BENCHMARK_LOAD_REPLY_READER_H_
#define SIPCM_TESTS_BENCHMARK_LOAD_REPLY_READER_H_

#include <cstddef>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tests/benchmark/load/request_template.h"

namespace sipcm::load {

struct Reply {
  int status_code = 0;
  RequestId id;                  // from the topmost branch of ours
  bool has_retry_after = false;  // looked for in a 503 only
};

// Cuts the byte stream of one connection into SIP responses. Its own code on purpose: a measured
// server is not to be judged by its own parser. Reads what well-formed responses need, no more.
class ReplyReader {
 public:
  enum class Outcome : unsigned char {
    kReply,
    kNeedsBytes,
    kMalformed,  // no response to a request of ours; the stream is of no further use
  };

  // Where the next bytes go, never empty; then say how many came. Invalidates earlier spans.
  absl::Span<char> Space();
  void Received(size_t byte_count) { end_ += byte_count; }
  Outcome Next(Reply* reply);

 private:
  std::vector<char> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

// The status code and id of a response's start line and headers; false when it has none.
bool ParseReplyHead(absl::string_view head, Reply* reply);

// The value of Content-Length in `head`; 0 when there is none.
size_t ContentLengthOf(absl::string_view head);

}  // namespace sipcm::load

#endif  // SIPCM_TESTS_BENCHMARK_LOAD_REPLY_READER_H_
