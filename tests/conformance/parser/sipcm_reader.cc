#include "tests/conformance/parser/sipcm_reader.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/sip/framer.h"
#include "core/sip/header_reader.h"
#include "core/sip/parser.h"
#include "core/sip/uri.h"

namespace sipcm {
namespace {

void Put(absl::string_view field, absl::string_view value, Reading* reading) {
  if (!value.empty()) reading->fields[std::string(field)] = std::string(value);
}

void PutUri(absl::string_view prefix, absl::string_view text, Reading* reading) {
  const sip::UriView uri = sip::ParseUri(text);
  if (!uri.ok()) return Put(absl::StrCat(prefix, ".fault"), "yes", reading);
  Put(absl::StrCat(prefix, ".scheme"), absl::AsciiStrToLower(uri.scheme_name), reading);
  if (!uri.is_sip()) return Put(absl::StrCat(prefix, ".opaque"), uri.opaque, reading);
  Put(absl::StrCat(prefix, ".user"), uri.user, reading);
  Put(absl::StrCat(prefix, ".host"), uri.host, reading);
  if (uri.port != 0) Put(absl::StrCat(prefix, ".port"), absl::StrCat(uri.port), reading);
}

int Count(const sip::MessageView& view, sip::HeaderId id) {
  sip::HeaderReader reader(view, id);
  int count = 0;
  for (absl::string_view element; reader.Next(&element);) ++count;
  return count;
}

Reading ReadingOf(const sip::MessageView& view) {
  Reading reading;
  reading.is_taken = true;
  if (view.is_request()) {
    Put("method", view.method(), &reading);
    PutUri("request_uri", view.request_uri(), &reading);
  } else {
    Put("status_code", absl::StrCat(view.status_code()), &reading);
    Put("reason_phrase", view.reason_phrase(), &reading);
  }
  Put("call_id", view.call_id(), &reading);
  Put("cseq.number", absl::StrCat(view.cseq_number()), &reading);
  Put("cseq.method", view.cseq_method(), &reading);
  PutUri("from", view.from().uri, &reading);
  Put("from.tag", view.from_tag(), &reading);
  PutUri("to", view.to().uri, &reading);
  Put("to.tag", view.to_tag(), &reading);
  const sip::Via via = view.top_via();
  Put("via.count", absl::StrCat(Count(view, sip::HeaderId::kVia)), &reading);
  Put("via.transport", via.transport, &reading);
  Put("via.host", via.host, &reading);
  if (via.port != 0) Put("via.port", absl::StrCat(via.port), &reading);
  Put("via.branch", via.branch, &reading);
  Put("contact.count", absl::StrCat(Count(view, sip::HeaderId::kContact)), &reading);
  Put("body", view.body(), &reading);
  return reading;
}

}  // namespace

std::vector<FramedMessage> ReadStreamWithSipcm(absl::string_view stream) {
  std::vector<FramedMessage> messages;
  sip::Framer framer;
  while (!stream.empty()) {
    const sip::Frame frame = framer.Next(stream);
    if (frame.kind == sip::FrameKind::kPing || frame.kind == sip::FrameKind::kPong) {
      stream.remove_prefix(frame.consumed);
      continue;
    }
    if (frame.kind != sip::FrameKind::kMessage) {
      messages.push_back({stream, Reading()});
      break;
    }
    const absl::string_view bytes = stream.substr(0, frame.consumed);
    sip::MessageView view;
    const bool is_taken = sip::Parse(bytes, frame.header_length, view).ok();
    messages.push_back({bytes, is_taken ? ReadingOf(view) : Reading()});
    stream.remove_prefix(frame.consumed);
  }
  return messages;
}

Reading ReadUriWithSipcm(absl::string_view text) {
  Reading reading;
  reading.is_taken = sip::ParseUri(text).ok();
  if (reading.is_taken) PutUri("uri", text, &reading);
  return reading;
}

}  // namespace sipcm
