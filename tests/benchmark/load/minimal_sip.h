#ifndef SIPCM_TESTS_BENCHMARK_LOAD_MINIMAL_SIP_H_
#define SIPCM_TESTS_BENCHMARK_LOAD_MINIMAL_SIP_H_

#include <string>

#include "absl/strings/string_view.h"

namespace sipcm::load {

// The least of SIP that an answer takes, for the limit programs: no parsing beyond line starts, no
// checks.

struct RawRequest {
  absl::string_view head;   // start line and headers
  absl::string_view whole;  // with its body
};

// Takes the first whole request out of `*bytes`; false: there is none.
bool NextRequest(absl::string_view* bytes, RawRequest* request);

// Appends a 200 with copies of Via, From, To, Call-ID and CSeq.
void AppendAnswer(absl::string_view head, std::string* output);

// A socket that listens on 127.0.0.1, and its port.
struct Listening {
  int descriptor;
  int port;
};
Listening ListenOnLoopback();

}  // namespace sipcm::load

#endif  // SIPCM_TESTS_BENCHMARK_LOAD_MINIMAL_SIP_H_
