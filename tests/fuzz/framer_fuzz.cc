// The bytes are a stream. Whatever they are: the frames do not depend on how the stream is cut,
// every frame lies within it, and no message has a header section that two readers could take
// differently.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "core/base/check.h"
#include "core/sip/framer.h"

namespace sipcm::sip {
namespace {

FramerLimits LimitsFor(uint32_t seed) {
  FramerLimits limits;
  if (seed % 2 == 0) return limits;
  limits.max_header_bytes = 16 + seed % 512;
  limits.max_body_bytes = 1 + seed % 64;
  limits.max_header_count = 1 + seed % 8;
  return limits;
}

void CheckRows(absl::string_view section) {
  SIPCM_CHECK(absl::EndsWith(section, "\r\n"));
  for (size_t i = 0; i < section.size(); ++i) {
    SIPCM_CHECK(section[i] != '\n' || (i > 0 && section[i - 1] == '\r'));
    SIPCM_CHECK(section[i] != '\r' || (i + 1 < section.size() && section[i + 1] == '\n'));
    SIPCM_CHECK(section[i] != '\0' || (i > 0 && section[i - 1] == '\\'));
  }
}

void CheckFrame(const Frame& frame, absl::string_view data, const FramerLimits& limits) {
  SIPCM_CHECK(frame.consumed <= data.size());
  SIPCM_CHECK((frame.kind == FrameKind::kError) == (frame.error.reason != FrameErrorReason::kNone));
  switch (frame.kind) {
    case FrameKind::kNeedMore:
      SIPCM_CHECK(frame.consumed == 0);
      break;
    case FrameKind::kPing:
    case FrameKind::kPong:
      SIPCM_CHECK(frame.consumed == 2 && absl::StartsWith(data, "\r\n"));
      break;
    case FrameKind::kMessage:
      SIPCM_CHECK(frame.header_length + frame.body_length == frame.consumed);
      SIPCM_CHECK(frame.header_length <= limits.max_header_bytes);
      SIPCM_CHECK(frame.body_length <= limits.max_body_bytes);
      SIPCM_CHECK(absl::EndsWith(data.substr(0, frame.header_length), "\r\n\r\n"));
      CheckRows(data.substr(0, frame.header_length));
      break;
    case FrameKind::kError:
      SIPCM_CHECK(frame.consumed == 0 && frame.error.status_code >= 400);
      SIPCM_CHECK(frame.header_length <= data.size());
      SIPCM_CHECK(frame.partial_header_length <= data.size());
      SIPCM_CHECK(frame.header_length == 0 || frame.partial_header_length == 0);
      if (frame.header_length > 0) CheckRows(data.substr(0, frame.header_length));
      if (frame.partial_header_length > 0) CheckRows(data.substr(0, frame.partial_header_length));
      break;
  }
}

// The frames of `stream` when it comes in pieces of the sizes that `next_piece` gives.
template <typename NextPiece>
std::vector<Frame> FramesOf(absl::string_view stream, const FramerLimits& limits,
                            NextPiece next_piece) {
  std::vector<Frame> frames;
  Framer framer(limits);
  size_t taken = 0;
  size_t arrived = 0;
  while (arrived < stream.size()) {
    arrived += std::min<size_t>(next_piece(), stream.size() - arrived);
    while (true) {
      // A copy of its own, so that the sanitizer sees a read past what has arrived.
      const std::string data(stream.substr(taken, arrived - taken));
      const Frame frame = framer.Next(data);
      CheckFrame(frame, data, limits);
      if (frame.kind == FrameKind::kNeedMore) break;
      frames.push_back(frame);
      if (frame.kind == FrameKind::kError) return frames;
      taken += frame.consumed;
    }
  }
  return frames;
}

void Fuzz(absl::string_view stream) {
  uint32_t seed = 2166136261u;
  for (char c : stream) seed = (seed ^ static_cast<unsigned char>(c)) * 16777619u;
  const FramerLimits limits = LimitsFor(seed >> 8);
  std::mt19937 random(seed);
  const std::vector<Frame> whole = FramesOf(stream, limits, [&] { return stream.size(); });
  SIPCM_CHECK(whole == FramesOf(stream, limits, [&] { return 1 + random() % 40; }));
  if (stream.size() > 2000) return;  // byte by byte costs the square
  SIPCM_CHECK(whole == FramesOf(stream, limits, [] { return size_t{1}; }));
}

}  // namespace
}  // namespace sipcm::sip

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  sipcm::sip::Fuzz({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
