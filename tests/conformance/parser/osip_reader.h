#ifndef SIPCM_TESTS_CONFORMANCE_PARSER_OSIP_READER_H_
#define SIPCM_TESTS_CONFORMANCE_PARSER_OSIP_READER_H_

#include "absl/strings/string_view.h"
#include "tests/conformance/parser/reading.h"

namespace sipcm {

// What GNU oSIP understands of one message, which it takes for a datagram's whole content.
Reading ReadMessageWithOsip(absl::string_view bytes);

Reading ReadUriWithOsip(absl::string_view text);

}  // namespace sipcm

#endif  // SIPCM_TESTS_CONFORMANCE_PARSER_OSIP_READER_H_
