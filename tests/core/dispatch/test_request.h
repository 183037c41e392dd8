#ifndef SIPCM_TESTS_CORE_DISPATCH_TEST_REQUEST_H_
#define SIPCM_TESTS_CORE_DISPATCH_TEST_REQUEST_H_

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/dispatch/delivery.h"
#include "core/sip/parser.h"

namespace sipcm::dispatch {

// A sound request to vary: TestRequest{.method = "INVITE"}.
struct TestRequest {
  std::string method = "MESSAGE";
  std::string uri = "sip:alice@example.com";
  std::string to = "<sip:alice@example.com>";
  std::string from = "<sip:bob@example.net>;tag=f1";
  std::string via = "SIP/2.0/TCP peer.example.net:5070;branch=z9hG4bKpeer";
  std::string call_id = "call-1@example.net";
  int cseq = 1;
  std::string more_headers = "";  // whole rows
  std::string body = "";

  std::string Text() const {
    return absl::StrCat(method, " ", uri, " SIP/2.0\r\nVia: ", via, "\r\n", more_headers,
                        "From: ", from, "\r\nTo: ", to, "\r\nCall-ID: ", call_id,
                        "\r\nCSeq: ", cseq, " ", method,
                        "\r\nMax-Forwards: 70\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
  }
};

// One whole message and the view over it.
struct ParsedText {
  explicit ParsedText(std::string text)
      : bytes(std::move(text)), verdict(sip::Parse(bytes, bytes.find("\r\n\r\n") + 4, view)) {}
  explicit ParsedText(const TestRequest& request) : ParsedText(request.Text()) {}

  std::string bytes;
  sip::MessageView view;
  sip::ParseVerdict verdict;
};

inline std::shared_ptr<const RequestRecord> MakeRecord(const TestRequest& request) {
  auto record = std::make_shared<RequestRecord>();
  record->bytes = request.Text();
  const size_t header_length = record->bytes.find("\r\n\r\n") + 4;
  const sip::ParseVerdict verdict = sip::Parse(record->bytes, header_length, record->view);
  SIPCM_CHECK_MESSAGE(verdict.ok(), std::string(verdict.reason).c_str());
  record->manager_id = "edge";
  return record;
}

}  // namespace sipcm::dispatch

#endif  // SIPCM_TESTS_CORE_DISPATCH_TEST_REQUEST_H_
