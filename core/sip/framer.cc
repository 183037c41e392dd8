#include "core/sip/framer.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "core/base/check.h"
#include "core/sip/characters.h"

namespace sipcm::sip {
namespace {

FrameError Describe(FrameErrorReason reason) {
  switch (reason) {
    case FrameErrorReason::kNone:
      break;
    case FrameErrorReason::kNotSip:
      return {reason, 400, "not a SIP start line", "Request-Line"};
    case FrameErrorReason::kBareLineFeed:
      return {reason, 400, "a line ends with LF instead of CRLF", ""};
    case FrameErrorReason::kBareCarriageReturn:
      return {reason, 400, "CR without LF in the header section", ""};
    case FrameErrorReason::kNul:
      return {reason, 400, "NUL in the header section", ""};
    case FrameErrorReason::kMisplacedFolding:
      return {reason, 400, "the first header row begins with whitespace", ""};
    case FrameErrorReason::kGluedMessage:
      return {reason, 400, "a start line inside the header section", ""};
    case FrameErrorReason::kHeaderTooLarge:
      return {reason, 513, "the header section is too large", ""};
    case FrameErrorReason::kTooManyHeaders:
      return {reason, 513, "too many headers", ""};
    case FrameErrorReason::kMissingContentLength:
      return {reason, 400, "missing on a stream", "Content-Length"};
    case FrameErrorReason::kBadContentLength:
      return {reason, 400, "not a number", "Content-Length"};
    case FrameErrorReason::kConflictingContentLength:
      return {reason, 400, "repeated with another number", "Content-Length"};
    case FrameErrorReason::kBodyTooLarge:
      return {reason, 413, "the body is too large", "Content-Length"};
  }
  return {};
}

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// "SIP/" 1*DIGIT "." 1*DIGIT, the word that only SIP start lines have.
bool IsSipVersion(absl::string_view word) {
  if (word.size() < 7 || !absl::StartsWithIgnoreCase(word, "SIP/")) return false;
  const absl::string_view number = word.substr(4);
  const size_t dot = number.find('.');
  if (dot == 0 || dot == absl::string_view::npos || dot + 1 == number.size()) return false;
  for (size_t i = 0; i < number.size(); ++i) {
    if (i != dot && !IsDigit(number[i])) return false;
  }
  return true;
}

bool IsStatusLine(absl::string_view line) {
  return absl::StartsWithIgnoreCase(line, "SIP/") && IsSipVersion(line.substr(0, line.find(' ')));
}

absl::string_view LastWord(absl::string_view line) {
  while (!line.empty() && IsBlank(line.back())) line.remove_suffix(1);
  size_t start = line.size();
  while (start > 0 && !IsBlank(line[start - 1])) --start;
  return line.substr(start);
}

// token *( SP / HTAB ) ":" as every header row has it.
bool IsHeaderRow(absl::string_view line) {
  size_t i = 0;
  while (i < line.size() && IsTokenCharacter(line[i])) ++i;
  if (i == 0) return false;
  while (i < line.size() && IsBlank(line[i])) ++i;
  return i < line.size() && line[i] == ':';
}

// A start line where a header row should be. Looks at the ends first: nearly every row fails there.
bool LooksLikeStartLine(absl::string_view line) {
  if ((line[0] | 0x20) == 's' && IsStatusLine(line)) return true;
  const absl::string_view text = IsBlank(line.back()) ? Trim(line) : line;
  if (text.size() < 10 || text[text.size() - 2] != '.') return false;
  return IsSipVersion(LastWord(text)) && !IsHeaderRow(text);
}

// The value of a Content-Length row in either form; a null view for any other row.
absl::string_view ContentLengthValue(absl::string_view row) {
  constexpr absl::string_view kName = "content-length";
  size_t i = 0;
  switch (row[0]) {
    case 'l':
    case 'L':
      i = 1;
      break;
    case 'c':
    case 'C':
      if (!absl::StartsWithIgnoreCase(row, kName)) return {};
      i = kName.size();
      break;
    default:
      return {};
  }
  while (i < row.size() && IsBlank(row[i])) ++i;
  if (i == row.size() || row[i] != ':') return {};
  return Trim(row.substr(i + 1));
}

}  // namespace

Framer::Framer(const FramerLimits& limits) : limits_(limits) {
  SIPCM_CHECK(limits.max_header_bytes > 0 && limits.max_header_count > 0);
  SIPCM_CHECK(uint64_t{limits.max_header_bytes} + limits.max_body_bytes <= UINT32_MAX);
}

Frame Framer::Next(absl::string_view data) {
  SIPCM_CHECK(data.size() >= std::max(scan_, header_length_) || state_ == State::kFailed);
  Frame frame;
  if (state_ == State::kBetween && !ScanBetween(data, &frame)) {
    return state_ == State::kFailed ? ErrorFrame() : frame;
  }
  if (state_ == State::kFirstWord) ScanFirstWord(data);
  if (state_ == State::kStartLine || state_ == State::kHeaders) ScanLines(data);
  if (state_ == State::kFailed) return ErrorFrame();
  if (state_ != State::kBody || data.size() - header_length_ < content_length_) return frame;
  frame.kind = FrameKind::kMessage;
  frame.header_length = header_length_;
  frame.body_length = content_length_;
  frame.consumed = frame.header_length + frame.body_length;
  Reset();
  return frame;
}

// False: `frame` (or the failed state) is the answer. True: a message begins at data[0].
bool Framer::ScanBetween(absl::string_view data, Frame* frame) {
  if (data.empty()) return false;
  if (data[0] != '\r') {
    half_ping_ = false;
    if (data[0] == '\n') return Fail(FrameErrorReason::kBareLineFeed, 0);
    state_ = State::kFirstWord;
    return true;
  }
  if (data.size() < 2) return false;
  if (data[1] != '\n') return Fail(FrameErrorReason::kBareCarriageReturn, 0);
  frame->kind = half_ping_ ? FrameKind::kPing : FrameKind::kPong;
  frame->consumed = 2;
  half_ping_ = !half_ping_;
  return false;
}

// The method, or "SIP" of a response: garbage, TLS and HTTP responses end here.
void Framer::ScanFirstWord(absl::string_view data) {
  const size_t end = std::min<size_t>(data.size(), limits_.max_header_bytes);
  size_t i = scan_;
  while (i < end && i <= kMaxMethodBytes && IsTokenCharacter(data[i])) ++i;
  scan_ = static_cast<uint32_t>(i);
  if (i == end && i <= kMaxMethodBytes) {
    if (i == limits_.max_header_bytes) Fail(FrameErrorReason::kHeaderTooLarge, 0);
    return;
  }
  const absl::string_view word = data.substr(0, i);
  const bool is_word = i > 0 && i <= kMaxMethodBytes;
  if (is_word && (data[i] == ' ' || (data[i] == '/' && absl::EqualsIgnoreCase(word, "SIP")))) {
    state_ = State::kStartLine;
  } else {
    Fail(FrameErrorReason::kNotSip, 0);
  }
}

// Goes from control character to control character until the section ends, fails, or starves.
void Framer::ScanLines(absl::string_view data) {
  const char* const base = data.data();
  const char* const end = base + std::min<size_t>(data.size(), limits_.max_header_bytes);
  const char* p = base + scan_;
  while (true) {
    p = FindControl(p, end);
    if (p == end || (*p == '\r' && p + 1 == end)) break;
    if (*p == '\r' && p[1] == '\n') {
      if (!EndLine(data, static_cast<size_t>(p - base))) return;
      p += 2;
      continue;
    }
    const FrameErrorReason fault = FaultAt(data, static_cast<size_t>(p - base));
    if (fault != FrameErrorReason::kNone) {
      Fail(fault, WholeRowsEnd(data));
      return;
    }
    ++p;
  }
  scan_ = static_cast<uint32_t>(p - base);
  if (data.size() >= limits_.max_header_bytes) {
    Fail(FrameErrorReason::kHeaderTooLarge, WholeRowsEnd(data.substr(0, limits_.max_header_bytes)));
  }
}

// What is wrong with the control character at `position`, which begins no CRLF.
FrameErrorReason Framer::FaultAt(absl::string_view data, size_t position) const {
  switch (data[position]) {
    case '\n':
      return FrameErrorReason::kBareLineFeed;
    case '\r':
      return FrameErrorReason::kBareCarriageReturn;
    case '\0': {
      size_t backslashes = 0;
      while (backslashes < position && data[position - backslashes - 1] == '\\') ++backslashes;
      const bool is_quoted_pair = state_ == State::kHeaders && backslashes % 2 == 1;
      return is_quoted_pair ? FrameErrorReason::kNone : FrameErrorReason::kNul;
    }
    default:
      return state_ == State::kStartLine ? FrameErrorReason::kNotSip : FrameErrorReason::kNone;
  }
}

// Takes the physical line [line_start_, line_end); false ends the scan.
bool Framer::EndLine(absl::string_view data, size_t line_end) {
  const absl::string_view line = data.substr(line_start_, line_end - line_start_);
  const uint32_t next_line = static_cast<uint32_t>(line_end + 2);
  if (state_ == State::kStartLine) {
    if (!IsStatusLine(line) && !IsSipVersion(LastWord(line))) {
      return Fail(FrameErrorReason::kNotSip, 0);
    }
    state_ = State::kHeaders;
  } else if (line.empty()) {
    if (row_count_ > 0) EndRow(data.substr(row_start_, line_start_ - row_start_));
    header_length_ = next_line;
    return EndHeaders();
  } else if (!IsBlank(line[0])) {
    if (row_count_ > 0) EndRow(data.substr(row_start_, line_start_ - row_start_));
    if (row_count_ == limits_.max_header_count) {
      return Fail(FrameErrorReason::kTooManyHeaders, line_start_);
    }
    if (LooksLikeStartLine(line)) return Fail(FrameErrorReason::kGluedMessage, line_start_);
    ++row_count_;
    row_start_ = line_start_;
  } else if (row_count_ == 0) {
    return Fail(FrameErrorReason::kMisplacedFolding, 0);
  }
  line_start_ = next_line;
  return true;
}

// A fault of Content-Length is kept until the section is complete, so that it can be answered.
void Framer::EndRow(absl::string_view row) {
  const absl::string_view value = ContentLengthValue(row);
  if (value.data() == nullptr) return;
  uint64_t number = 0;
  FrameErrorReason fault = FrameErrorReason::kNone;
  if (!ParseNumber(value, limits_.max_body_bytes, &number)) {
    const bool is_number = !value.empty() && std::all_of(value.begin(), value.end(),
                                                         [](char c) { return IsDigit(c); });
    fault = is_number ? FrameErrorReason::kBodyTooLarge : FrameErrorReason::kBadContentLength;
  } else if (has_content_length_ && number != content_length_) {
    fault = FrameErrorReason::kConflictingContentLength;
  }
  if (reason_ == FrameErrorReason::kNone) reason_ = fault;
  has_content_length_ = true;
  content_length_ = static_cast<uint32_t>(number);
}

bool Framer::EndHeaders() {
  if (!has_content_length_) reason_ = FrameErrorReason::kMissingContentLength;
  if (reason_ != FrameErrorReason::kNone) return Fail(reason_, 0);
  state_ = State::kBody;
  return false;
}

// The end of the last row that is known to be whole: the line under scan may still go on, and when
// it is a fold, so does its row.
size_t Framer::WholeRowsEnd(absl::string_view data) const {
  if (state_ != State::kHeaders) return 0;
  if (line_start_ < data.size() && !IsBlank(data[line_start_])) return line_start_;
  return row_count_ == 0 ? line_start_ : row_start_;
}

bool Framer::Fail(FrameErrorReason reason, size_t partial_header_length) {
  state_ = State::kFailed;
  reason_ = reason;
  partial_header_length_ = static_cast<uint32_t>(partial_header_length);
  return false;
}

Frame Framer::ErrorFrame() const {
  Frame frame;
  frame.kind = FrameKind::kError;
  frame.header_length = header_length_;
  frame.partial_header_length = partial_header_length_;
  frame.error = Describe(reason_);
  return frame;
}

}  // namespace sipcm::sip
