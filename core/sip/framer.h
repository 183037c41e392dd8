#ifndef SIPCM_CORE_SIP_FRAMER_H_
#define SIPCM_CORE_SIP_FRAMER_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace sipcm::sip {

// A line of the header section ends with CRLF and with nothing else. A bare LF, a bare CR, or a
// NUL outside a quoted pair ("\" NUL, RFC 3261 25.1) closes the connection: whoever reads such a
// line otherwise than the sender meant would take one message for two (request smuggling).
enum class LineEndPolicy { kCrlfOnly };
inline constexpr LineEndPolicy kLineEndPolicy = LineEndPolicy::kCrlfOnly;

struct FramerLimits {
  uint32_t max_header_bytes = 64 * 1024;  // start line to blank line, both included
  uint32_t max_body_bytes = 1 << 20;
  uint32_t max_header_count = 256;  // header rows; a folded row is one
};

// Longer first words are not a method but garbage without a space.
inline constexpr size_t kMaxMethodBytes = 128;

enum class FrameKind : uint8_t {
  kNeedMore,  // nothing to take yet; consumed = 0
  kMessage,   // header section and body are complete
  kPing,      // the second CRLF of a pair between messages: answer with one CRLF (RFC 5626 3.5.1)
  kPong,      // a CRLF between messages that is the first of its pair
  kError,     // framing is lost: answer if possible, then close. Repeated until Reset()
};

enum class FrameErrorReason : uint8_t {
  kNone,
  kNotSip,  // the start line is neither a SIP request nor a SIP response
  kBareLineFeed,
  kBareCarriageReturn,
  kNul,
  kMisplacedFolding,  // the row after the start line begins with whitespace
  kGluedMessage,      // a start line inside a header section: a blank line was lost
  kHeaderTooLarge,
  kTooManyHeaders,
  kMissingContentLength,      // mandatory on streams (RFC 3261 18.3)
  kBadContentLength,          // not 1*DIGIT: "-1", "+5", "0x5", "5,5", nothing
  kConflictingContentLength,  // two rows with different numbers; equal numbers are accepted
  kBodyTooLarge,              // announced more than max_body_bytes; nothing of it was awaited
};

struct FrameError {
  FrameErrorReason reason = FrameErrorReason::kNone;
  int status_code = 0;      // to answer a request with: 400, 413 or 513
  absl::string_view text;   // static; for the Warning header and the log
  absl::string_view field;  // static: "Content-Length", "Request-Line" or empty

  friend bool operator==(const FrameError&, const FrameError&) = default;
};

// All offsets count from the first byte of the `data` that Next() was given.
struct Frame {
  FrameKind kind = FrameKind::kNeedMore;
  size_t consumed = 0;  // bytes to drop from the front before the next call
  size_t offset = 0;    // of the start line. 0: CRLFs before it are frames of their own
  // Start line to blank line, included. On kError only when that section is complete.
  size_t header_length = 0;
  size_t body_length = 0;
  // kError before the header section was complete: the whole rows before the fault, from
  // `offset`. Parse() may find in them what an answer needs. 0: the bytes are not SIP.
  size_t partial_header_length = 0;
  FrameError error;

  friend bool operator==(const Frame&, const Frame&) = default;
};

// Cuts a byte stream into SIP messages (RFC 3261 18.3) and keep-alives, without copying.
//
// Verdicts never depend on how the bytes were cut: one byte at a time gives the same frames as one
// piece, in O(n) because the scan position is kept. Nothing is allocated, whatever is announced.
// Garbage is recognised in the first word, at the latest at the end of the start line.
// CRLFs between messages count in pairs: one is a kPong at once (it must be: nothing follows a
// pong), the next one a kPing, so that a ping shows as kPong then kPing; any other byte ends the
// pairing. Both prove that the peer lives; only kPing is answered.
// Thread: its owner's. Destroy at any time.
class Framer {
 public:
  // All limits > 0; max_header_bytes + max_body_bytes < 2^32.
  explicit Framer(const FramerLimits& limits = FramerLimits());

  // `data` begins at the first byte that is not consumed yet. After kNeedMore it must begin with
  // the same bytes as before and be longer (or equal: kNeedMore again).
  Frame Next(absl::string_view data);

  // Forgets everything, as for a new connection.
  void Reset() { *this = Framer(limits_); }

 private:
  enum class State : uint8_t { kBetween, kFirstWord, kStartLine, kHeaders, kBody, kFailed };

  bool ScanBetween(absl::string_view data, Frame* frame);
  void ScanFirstWord(absl::string_view data);
  void ScanLines(absl::string_view data);
  FrameErrorReason FaultAt(absl::string_view data, size_t position) const;
  bool EndLine(absl::string_view data, size_t line_end);
  void EndRow(absl::string_view row);
  bool EndHeaders();
  size_t WholeRowsEnd(absl::string_view data) const;
  bool Fail(FrameErrorReason reason, size_t partial_header_length);
  Frame ErrorFrame() const;

  FramerLimits limits_;
  State state_ = State::kBetween;
  bool half_ping_ = false;  // the last frame was a kPong
  bool has_content_length_ = false;
  FrameErrorReason reason_ = FrameErrorReason::kNone;
  uint32_t scan_ = 0;        // the next byte to look at
  uint32_t line_start_ = 0;  // of the physical line under scan
  uint32_t row_start_ = 0;   // of the header row (its folds included) under scan
  uint32_t row_count_ = 0;
  uint32_t content_length_ = 0;
  uint32_t header_length_ = 0;  // 0 until the blank line
  uint32_t partial_header_length_ = 0;
};

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_FRAMER_H_
