#ifndef SIPCM_TESTS_CONFORMANCE_PARSER_SIPCM_READER_H_
#define SIPCM_TESTS_CONFORMANCE_PARSER_SIPCM_READER_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "tests/conformance/parser/reading.h"

namespace sipcm {

// One message as the framer cut it; views into the stream.
struct FramedMessage {
  absl::string_view bytes;
  Reading reading;
};

// What our framer and parser make of a stream. Where framing is lost or a message is incomplete,
// all that is left is one message that is refused.
std::vector<FramedMessage> ReadStreamWithSipcm(absl::string_view stream);

Reading ReadUriWithSipcm(absl::string_view text);

}  // namespace sipcm

#endif  // SIPCM_TESTS_CONFORMANCE_PARSER_SIPCM_READER_H_
