// The bytes are parsed twice: as they are, for the sake of memory safety, and as the framer cuts
// them. Views lie within the bytes, an accepted message has all that it must have, and a response
// built from an answerable one is one message that our own parser takes.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "core/base/check.h"
#include "core/sip/framer.h"
#include "core/sip/header_reader.h"
#include "core/sip/parser.h"
#include "core/sip/response_builder.h"
#include "core/sip/uri.h"

namespace sipcm::sip {
namespace {

void CheckWithin(absl::string_view part, absl::string_view whole) {
  if (part.empty()) return;
  SIPCM_CHECK(part.data() >= whole.data());
  SIPCM_CHECK(part.data() + part.size() <= whole.data() + whole.size());
}

void CheckViews(const MessageView& view, absl::string_view bytes) {
  SIPCM_CHECK(view.bytes() == bytes);
  const Via via = view.top_via();
  const NameAddress from = view.from();
  const NameAddress to = view.to();
  for (absl::string_view part :
       {view.header_section(), view.body(),    view.method(),      view.request_uri(),
        view.reason_phrase(),  view.call_id(), view.cseq_method(), via.element,
        via.version,           via.transport,  via.host,           via.branch,
        via.received,          via.parameters, from.display_name,  from.uri,
        from.parameters,       from.tag,       to.display_name,    to.uri,
        to.parameters,         to.tag}) {
    CheckWithin(part, bytes);
  }
  size_t end_of_rows = 0;
  for (const HeaderField& field : view.headers()) {
    CheckWithin(view.line(field), view.header_section());
    CheckWithin(view.name(field), view.line(field));
    CheckWithin(view.value(field), view.line(field));
    SIPCM_CHECK(field.line.offset >= end_of_rows);
    end_of_rows = field.line.offset + field.line.length;
    SIPCM_CHECK(view.Find(view.name(field)) != nullptr);
  }
}

// The parts that any layer above looks at, whatever they hold.
void Visit(const MessageView& view) {
  for (HeaderId id : {HeaderId::kVia, HeaderId::kRoute, HeaderId::kContact, HeaderId::kRequire}) {
    HeaderReader reader(view, id);
    for (absl::string_view element; reader.Next(&element);) {
      CheckWithin(element, view.header_section());
      NameAddress address;
      if (ParseNameAddress(element, &address).empty()) ParseUri(address.uri);
    }
  }
}

ParseVerdict ParseCopy(absl::string_view bytes, size_t header_length, MessageView* view) {
  // Exactly as large as the message, so that the sanitizer sees a read past its end.
  const std::unique_ptr<char[]> copy(new char[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), copy.get());
  const absl::string_view text(copy.get(), bytes.size());
  const ParseVerdict verdict = Parse(text, header_length, *view);
  CheckViews(*view, text);
  Visit(*view);
  view->Rebase(bytes.data());
  CheckViews(*view, bytes);
  return verdict;
}

void CheckAccepted(const MessageView& view) {
  SIPCM_CHECK(!view.call_id().empty() && !view.cseq_method().empty());
  SIPCM_CHECK(!view.top_via().host.empty() && !view.from().uri.empty() && !view.to().uri.empty());
  SIPCM_CHECK(view.is_request() == (view.status_code() == 0));
  if (!view.is_request()) return;
  SIPCM_CHECK(view.method() == view.cseq_method());
  SIPCM_CHECK(ParseUri(view.request_uri()).ok());
}

void CheckAnswer(const MessageView& view, bool is_accepted) {
  const HeaderText headers[] = {{"Server", "fuzz"}};
  std::string out;
  const absl::Status status = ResponseBuilder(view)
                                  .Status(400)
                                  .ToTag("fuzz")
                                  .Headers(headers)
                                  .From({"192.0.2.1", 5060})
                                  .AppendTo(&out);
  SIPCM_CHECK(status.ok());
  FramerLimits limits;
  limits.max_header_bytes *= 2;
  limits.max_header_count *= 2;
  Framer framer(limits);
  const Frame frame = framer.Next(out);
  SIPCM_CHECK(frame.kind == FrameKind::kMessage && frame.consumed == out.size());
  MessageView answer;
  const ParseVerdict verdict = Parse(out, frame.header_length, answer);
  SIPCM_CHECK(!answer.is_request() && answer.status_code() == 400);
  if (!is_accepted) return;
  SIPCM_CHECK(verdict.ok());
  SIPCM_CHECK(answer.call_id() == view.call_id() && answer.branch() == view.branch());
  SIPCM_CHECK(answer.cseq_number() == view.cseq_number() && answer.method() == view.method());
  SIPCM_CHECK(answer.from_tag() == view.from_tag() && !answer.to_tag().empty());
}

void Fuzz(absl::string_view bytes) {
  MessageView view;
  ParseCopy(bytes, bytes.size(), &view);
  Framer framer;
  const Frame frame = framer.Next(bytes);
  size_t header_length = frame.header_length;
  if (frame.kind == FrameKind::kError) header_length += frame.partial_header_length;
  if (header_length == 0) return;
  const absl::string_view message = bytes.substr(0, header_length + frame.body_length);
  const ParseVerdict verdict = ParseCopy(message, header_length, &view);
  SIPCM_CHECK(verdict.ok() == verdict.reason.empty());
  SIPCM_CHECK(!verdict.answerable || view.is_request());
  if (verdict.ok()) CheckAccepted(view);
  if (verdict.answerable) CheckAnswer(view, verdict.ok());
}

}  // namespace
}  // namespace sipcm::sip

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  sipcm::sip::Fuzz({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
