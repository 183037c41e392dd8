#ifndef SIPCM_TESTS_CORE_SIP_TEST_MESSAGE_H_
#define SIPCM_TESTS_CORE_SIP_TEST_MESSAGE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/sip/parser.h"

namespace sipcm::sip {

// A sound message to spoil: replace its start line or rows, add rows, then take its text.
class TestMessage {
 public:
  static TestMessage Request(absl::string_view method = "OPTIONS") {
    TestMessage message;
    message.start_line_ = absl::StrCat(method, " sip:bob@example.com SIP/2.0");
    message.rows_ = {
        {"Via", "SIP/2.0/TCP client.example.net:5070;branch=z9hG4bKtest;rport"},
        {"Max-Forwards", "70"},
        {"From", "\"Alice\" <sip:alice@example.net>;tag=a1"},
        {"To", "<sip:bob@example.com>"},
        {"Call-ID", "call@example.net"},
        {"CSeq", absl::StrCat("7 ", method)},
        {"Content-Length", "0"},
    };
    return message;
  }

  static TestMessage Response(absl::string_view status = "200 OK") {
    TestMessage message = Request();
    message.start_line_ = absl::StrCat("SIP/2.0 ", status);
    return message.Set("To", "<sip:bob@example.com>;tag=b1");
  }

  TestMessage& StartLine(absl::string_view line) {
    start_line_ = std::string(line);
    return *this;
  }
  TestMessage& Set(absl::string_view name, absl::string_view value) {
    for (auto& row : rows_) {
      if (row.first == name) row.second = std::string(value);
    }
    return *this;
  }
  TestMessage& Add(absl::string_view name, absl::string_view value) {
    rows_.emplace_back(name, value);
    return *this;
  }
  TestMessage& Drop(absl::string_view name) {
    std::vector<std::pair<std::string, std::string>> kept;
    for (auto& row : rows_) {
      if (row.first != name) kept.push_back(row);
    }
    rows_ = kept;
    return *this;
  }
  // A row as it is, e.g. one without a colon.
  TestMessage& Raw(absl::string_view row) {
    absl::StrAppend(&raw_rows_, row, "\r\n");
    return *this;
  }
  TestMessage& Body(absl::string_view body) {
    body_ = std::string(body);
    return Set("Content-Length", absl::StrCat(body.size()));
  }

  std::string HeaderSection() const {
    std::string text = absl::StrCat(start_line_, "\r\n");
    for (const auto& [name, value] : rows_) absl::StrAppend(&text, name, ": ", value, "\r\n");
    return absl::StrCat(text, raw_rows_, "\r\n");
  }
  std::string Text() const { return HeaderSection() + body_; }

 private:
  std::string start_line_;
  std::vector<std::pair<std::string, std::string>> rows_;
  std::string raw_rows_;
  std::string body_;
};

// A message together with the bytes that its view points into.
struct ParsedMessage {
  explicit ParsedMessage(const TestMessage& message)
      : bytes(message.Text()), verdict(Parse(bytes, message.HeaderSection().size(), view)) {}

  std::string bytes;
  MessageView view;
  ParseVerdict verdict;
};

}  // namespace sipcm::sip

#endif  // SIPCM_TESTS_CORE_SIP_TEST_MESSAGE_H_
