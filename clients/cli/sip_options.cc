#include "clients/cli/sip_options.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "clients/cli/cli11.h"
#include "clients/cli/settings.h"
#include "proto/sipcm/v1/sip.pb.h"

namespace sipcm::cli {
namespace {

std::string WrongHeader(const std::string& text) {
  const auto colon = text.find(':');
  if (colon == std::string::npos || colon == 0) return "\"" + text + "\" is not 'Name: value'";
  return "";
}

// RFC 3261 20.15: a body has one.
template <class Message>
bool HasContentType(const Message& message) {
  for (const v1::SipHeader& header : message.headers()) {
    if (absl::EqualsIgnoreCase(header.name(), "Content-Type") ||
        absl::EqualsIgnoreCase(header.name(), "c")) {
      return true;
    }
  }
  return false;
}

template <class Message>
std::string AnyMessageText(const std::string& start_line, const Message& message) {
  std::string text;
  if (!message.raw().empty()) {
    text = message.raw();
  } else {
    text = absl::StrCat(start_line, "\n");
    for (const v1::SipHeader& header : message.headers()) {
      absl::StrAppend(&text, header.name(), ": ", header.value(), "\n");
    }
    if (!message.body().empty()) absl::StrAppend(&text, "\n", message.body());
  }
  text = absl::StrReplaceAll(text, {{"\r\n", "\n"}});
  while (absl::EndsWith(text, "\n")) text.pop_back();
  return absl::StrCat("  ", absl::StrReplaceAll(text, {{"\n", "\n  "}}), "\n\n");
}

}  // namespace

void SipOptions::AddTo(CLI::App& command) {
  command.add_option("--header", headers_, "'Name: value'; may be repeated")
      ->check(WrongHeader)
      ->expected(1)
      ->take_all();
  command.add_option(
      "--body", body_,
      "Text, or @FILE (@- is standard input); text/plain unless --header says otherwise");
}

template <class Message>
std::string SipOptions::FillAny(Message& message) const {
  for (const std::string& text : headers_) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits(':', 1));
    v1::SipHeader& header = *message.add_headers();
    header.set_name(std::string(absl::StripAsciiWhitespace(parts.first)));
    header.set_value(std::string(absl::StripAsciiWhitespace(parts.second)));
  }
  std::string body = body_;
  if (absl::StartsWith(body_, "@") && !ReadFile(body_.substr(1), body)) return body;
  if (!body.empty() && !HasContentType(message)) {
    v1::SipHeader& header = *message.add_headers();
    header.set_name("Content-Type");
    header.set_value("text/plain");
  }
  message.set_body(body);
  return "";
}

std::string SipOptions::Fill(v1::SipRequest& request) const { return FillAny(request); }
std::string SipOptions::Fill(v1::SipResponse& response) const { return FillAny(response); }

std::string MessageText(const v1::SipRequest& request) {
  return AnyMessageText(absl::StrCat(request.method(), " ", request.request_uri(), " SIP/2.0"),
                        request);
}

std::string MessageText(const v1::SipResponse& response) {
  return AnyMessageText(
      absl::StrCat("SIP/2.0 ", response.status_code(), " ", response.reason_phrase()), response);
}

}  // namespace sipcm::cli
