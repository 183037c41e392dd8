#include "core/sip/parser.h"

#include "absl/strings/match.h"
#include "core/sip/call_id.h"
#include "core/sip/characters.h"
#include "core/sip/cseq.h"
#include "core/sip/uri.h"

namespace sipcm::sip {

// Fills one MessageView. Each step notes its fault and goes on, because even a bad request needs
// its Via, From, To, Call-ID and CSeq understood to be answered.
class Parser {
 public:
  Parser(absl::string_view bytes, size_t header_length, MessageView* view)
      : begin_(bytes.data()), end_(bytes.data() + header_length), view_(view) {
    view_->Clear();
    view_->base_ = bytes.data();
    view_->size_ = static_cast<uint32_t>(bytes.size());
    view_->header_length_ = static_cast<uint32_t>(header_length);
  }

  ParseVerdict Run() {
    ReadRows(ReadStartLine());
    const bool has_via = JudgeVia();
    const bool has_from = JudgeAddress(HeaderId::kFrom, &view_->from_);
    const bool has_to = JudgeAddress(HeaderId::kTo, &view_->to_);
    const bool has_call_id = JudgeCallId();
    const bool has_cseq = JudgeCseq();
    JudgeMaxForwards();
    JudgeContentLength();
    const bool is_whole = has_via && has_from && has_to && has_call_id && has_cseq;
    const bool is_ack = view_->is_request_ && view_->method_id_ == Method::kAck;
    verdict_.answerable = view_->is_request_ && is_whole && !is_ack;
    // An ACK is never answered, so a bad one is dropped like a response (RFC 3261 17).
    if (!verdict_.ok() && view_->is_request_ && !is_whole) verdict_.after = AfterVerdict::kClose;
    return verdict_;
  }

 private:
  // Notes the first fault only; always false.
  bool Fault(absl::string_view field, absl::string_view reason, int status_code = 400) {
    if (!verdict_.ok()) return false;
    verdict_.kind = VerdictKind::kBad;
    verdict_.status_code = status_code;
    verdict_.field = field;
    verdict_.reason = reason;
    return false;
  }

  Slice SliceOf(const char* begin, const char* end) const {
    return {static_cast<uint32_t>(begin - begin_), static_cast<uint32_t>(end - begin)};
  }

  const char* ReadStartLine();
  void ReadStatusLine(absl::string_view line);
  void ReadRequestLine(absl::string_view line);
  void JudgeVersion(absl::string_view version);
  void JudgeRequestUri(absl::string_view uri);
  void ReadRows(const char* p);
  const char* EndOfRow(const char* p, HeaderField* field, bool* is_clean) const;
  void Index(const HeaderField& field);
  bool JudgeVia();
  bool JudgeAddress(HeaderId id, MessageView::AddressIndex* index);
  bool JudgeCallId();
  bool JudgeCseq();
  void JudgeMaxForwards();
  void JudgeContentLength();
  bool IsAmbiguous(HeaderId id) const { return (ambiguous_ >> Bit(id) & 1) != 0; }

  void MarkAmbiguous(HeaderId id) { ambiguous_ |= static_cast<uint8_t>(1 << Bit(id)); }

  // The headers that a response repeats, and that must therefore be beyond doubt.
  static int Bit(HeaderId id) {
    switch (id) {
      case HeaderId::kFrom:
        return 1;
      case HeaderId::kTo:
        return 2;
      case HeaderId::kCallId:
        return 3;
      case HeaderId::kCseq:
        return 4;
      case HeaderId::kVia:
        return 5;
      default:
        return 0;
    }
  }

  const char* const begin_;
  const char* const end_;  // of the header section
  MessageView* const view_;
  ParseVerdict verdict_;
  uint8_t ambiguous_ = 0;  // bits of Bit()
};

// Answers where the header rows begin.
const char* Parser::ReadStartLine() {
  const char* p = begin_;
  while ((p = FindControl(p, end_)) != end_ && *p != '\r' && *p != '\n') ++p;
  const absl::string_view line(begin_, static_cast<size_t>(p - begin_));
  if (absl::StartsWithIgnoreCase(line, "SIP/")) {
    ReadStatusLine(line);
  } else {
    ReadRequestLine(line);
  }
  if (p != end_ && *p == '\r') ++p;
  if (p != end_ && *p == '\n') return p + 1;
  Fault("Request-Line", "it does not end with CRLF");
  return p;
}

// SIP-Version SP 3DIGIT SP *reason; the last SP may be missing when there is no reason.
void Parser::ReadStatusLine(absl::string_view line) {
  const size_t space = line.find(' ');
  JudgeVersion(line.substr(0, space));
  const absl::string_view rest =
      space == absl::string_view::npos ? absl::string_view() : line.substr(space + 1);
  uint64_t code = 0;
  const bool has_code = rest.size() >= 3 && ParseNumber(rest.substr(0, 3), 699, &code);
  if (!has_code || code < 100 || (rest.size() > 3 && rest[3] != ' ')) {
    Fault("Status-Line", "the status code is not 100-699");
    return;
  }
  view_->status_code_ = static_cast<int>(code);
  if (rest.size() > 4) view_->reason_phrase_ = view_->SliceOf(rest.substr(4));
}

// Method SP Request-URI SP SIP-Version, with exactly these two spaces.
void Parser::ReadRequestLine(absl::string_view line) {
  view_->is_request_ = true;
  const size_t space = line.find(' ');
  const absl::string_view method = line.substr(0, space);
  view_->method_ = view_->SliceOf(method);
  view_->method_id_ = ParseMethod(method);
  if (view_->method_id_ == Method::kOther && !IsToken(method)) {
    Fault("Request-Line", "the method is not a token");
  }
  const size_t last = line.rfind(' ');
  if (space == absl::string_view::npos || last == space) {
    Fault("Request-Line", "not three parts");
    return;
  }
  const absl::string_view uri = line.substr(space + 1, last - space - 1);
  view_->request_uri_ = view_->SliceOf(uri);
  if (last + 1 == line.size() || uri.empty() || uri.front() == ' ' || uri.back() == ' ') {
    Fault("Request-Line", "more than one space between its parts, or space at its end");
    return;
  }
  JudgeVersion(line.substr(last + 1));
  JudgeRequestUri(uri);
}

void Parser::JudgeVersion(absl::string_view version) {
  if (absl::EqualsIgnoreCase(version, "SIP/2.0")) return;
  if (version.size() < 7 || !absl::StartsWithIgnoreCase(version, "SIP/")) {
    Fault("SIP-Version", "not a SIP version");
  } else {
    Fault("SIP-Version", "only SIP/2.0 is spoken here", 505);
  }
}

void Parser::JudgeRequestUri(absl::string_view uri) {
  const UriView parsed = ParseUri(uri);
  if (!parsed.ok()) {
    Fault("Request-URI", parsed.fault);
  } else if (parsed.has_headers) {
    Fault("Request-URI", "headers are not allowed in it");
  }
}

// Walks over the rows from `p` to the blank line or the end of the section.
void Parser::ReadRows(const char* p) {
  while (p != end_ && *p != '\r' && *p != '\n') {
    HeaderField field;
    const char* const start = p;
    while (p != end_ && IsTokenCharacter(*p)) ++p;
    const absl::string_view name(start, static_cast<size_t>(p - start));
    field.name = SliceOf(start, p);
    field.id = LookupHeader(name);
    while (p != end_ && (*p == ' ' || *p == '\t')) ++p;
    bool is_clean = !name.empty() && p != end_ && *p == ':';
    if (is_clean) ++p;
    p = EndOfRow(p, &field, &is_clean);
    field.line = SliceOf(start, p);
    if (!is_clean) {
      Fault(name, "a header row that is not \"name: value\" CRLF");
      verdict_.after = AfterVerdict::kClose;
      MarkAmbiguous(field.id);
      continue;
    }
    Index(field);
  }
}

// Finds the end of the row whose value begins at `p`, folds included, and its trimmed value.
// Answers where the next row begins; `*is_clean` becomes false when it ends otherwise than by CRLF.
const char* Parser::EndOfRow(const char* p, HeaderField* field, bool* is_clean) const {
  const char* value = p;
  const char* value_end = end_;
  while (true) {
    p = FindControl(p, end_);
    if (p == end_) {
      *is_clean = false;
      break;
    }
    if (*p != '\r' && *p != '\n') {
      ++p;
      continue;
    }
    value_end = p;
    if (*p == '\r' && p + 1 != end_ && p[1] == '\n') {
      p += 2;
    } else {
      *is_clean = false;
      ++p;
    }
    if (p == end_ || (*p != ' ' && *p != '\t')) break;
    field->is_folded = true;
  }
  while (value != value_end && IsSpace(*value)) ++value;
  while (value_end != value && IsSpace(value_end[-1])) --value_end;
  field->value = SliceOf(value, value_end);
  return p;
}

void Parser::Index(const HeaderField& field) {
  constexpr size_t kMaxRows = 0xffff;
  if (view_->headers_.size() == kMaxRows) {
    Fault("", "too many headers", 513);
    return;
  }
  view_->headers_.push_back(field);
  if (field.id == HeaderId::kUnknown) return;
  uint16_t& first = view_->first_[static_cast<size_t>(field.id)];
  if (first == 0) {
    first = static_cast<uint16_t>(view_->headers_.size());
  } else if (HeaderOccurrence(field.id) == Occurrence::kSingle &&
             view_->value(field) != view_->value(view_->headers_[first - 1])) {
    MarkAmbiguous(field.id);
    Fault(HeaderName(field.id), "repeated with another value");
  }
}

bool Parser::JudgeVia() {
  const HeaderField* field = view_->Find(HeaderId::kVia);
  if (field == nullptr) return Fault("Via", "missing");
  Via via;
  const absl::string_view fault = ParseFirstVia(view_->value(*field), &via);
  if (!fault.empty()) return Fault("Via", fault);
  view_->SetVia(via);
  return !IsAmbiguous(HeaderId::kVia);
}

bool Parser::JudgeAddress(HeaderId id, MessageView::AddressIndex* index) {
  const HeaderField* field = view_->Find(id);
  if (field == nullptr) return Fault(HeaderName(id), "missing");
  NameAddress address;
  const absl::string_view fault = ParseNameAddress(view_->value(*field), &address);
  if (!fault.empty()) return Fault(HeaderName(id), fault);
  *index = view_->Index(address);
  return !IsAmbiguous(id);
}

bool Parser::JudgeCallId() {
  const HeaderField* field = view_->Find(HeaderId::kCallId);
  if (field == nullptr) return Fault("Call-ID", "missing");
  if (!IsCallId(view_->value(*field))) return Fault("Call-ID", "empty, or with spaces");
  return !IsAmbiguous(HeaderId::kCallId);
}

bool Parser::JudgeCseq() {
  const HeaderField* field = view_->Find(HeaderId::kCseq);
  if (field == nullptr) return Fault("CSeq", "missing");
  Cseq cseq;
  const CseqForm form = ParseCseq(view_->value(*field), &cseq);
  if (form == CseqForm::kMalformed) return Fault("CSeq", "not \"number method\"");
  if (form == CseqForm::kOutOfRange) Fault("CSeq", "the number is not below 2^31");
  view_->cseq_number_ = cseq.number;
  view_->cseq_method_ = view_->SliceOf(cseq.method);
  view_->cseq_method_id_ = ParseMethod(cseq.method);
  if (view_->is_request_ && cseq.method != view_->text(view_->method_)) {
    Fault("CSeq", "the method is not the request's");
  }
  return !IsAmbiguous(HeaderId::kCseq);
}

void Parser::JudgeMaxForwards() {
  const HeaderField* field = view_->Find(HeaderId::kMaxForwards);
  if (field == nullptr) return;
  uint64_t number = 0;
  if (ParseNumber(view_->value(*field), 255, &number)) {
    view_->max_forwards_ = static_cast<uint8_t>(number);
  } else {
    Fault("Max-Forwards", "not 0-255");
  }
}

void Parser::JudgeContentLength() {
  const HeaderField* field = view_->Find(HeaderId::kContentLength);
  if (field == nullptr) return;
  uint64_t number = 0;
  if (ParseNumber(view_->value(*field), 0xffffffff, &number)) {
    view_->content_length_ = static_cast<uint32_t>(number);
  } else {
    Fault("Content-Length", "not a number below 2^32");
  }
}

ParseVerdict Parse(absl::string_view bytes, size_t header_length, MessageView& out) {
  return Parser(bytes, header_length, &out).Run();
}

}  // namespace sipcm::sip
