#include "tests/benchmark/load/request_template.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace sipcm::load {
namespace {

constexpr int kConnectionDigits = 5;
constexpr int kSlotDigits = 4;
constexpr int kSequenceDigits = 11;
static_assert(kConnectionDigits + kSlotDigits + kSequenceDigits == kIdLength);

void WriteHex(uint64_t value, int digits, char* end) {
  for (; digits > 0; --digits, value >>= 4) *--end = "0123456789abcdef"[value & 15];
}

// False: not a hexadecimal digit among them.
bool ReadHex(absl::string_view digits, uint64_t* value) {
  *value = 0;
  for (const char digit : digits) {
    uint64_t nibble = 0;
    if (digit >= '0' && digit <= '9') {
      nibble = digit - '0';
    } else if (digit >= 'a' && digit <= 'f') {
      nibble = digit - 'a' + 10;
    } else {
      return false;
    }
    *value = *value << 4 | nibble;
  }
  return true;
}

void WriteId(const RequestId& id, char* at) {
  WriteHex(id.connection, kConnectionDigits, at += kConnectionDigits);
  WriteHex(id.slot, kSlotDigits, at += kSlotDigits);
  WriteHex(id.sequence, kSequenceDigits, at += kSequenceDigits);
}

}  // namespace

absl::optional<RequestId> ParseRequestId(absl::string_view digits) {
  uint64_t connection = 0;
  uint64_t slot = 0;
  uint64_t sequence = 0;
  if (digits.size() != kIdLength || !ReadHex(digits.substr(0, kConnectionDigits), &connection) ||
      !ReadHex(digits.substr(kConnectionDigits, kSlotDigits), &slot) ||
      !ReadHex(digits.substr(kConnectionDigits + kSlotDigits), &sequence)) {
    return absl::nullopt;
  }
  return RequestId{static_cast<uint32_t>(connection), static_cast<uint32_t>(slot), sequence};
}

RequestTemplate::RequestTemplate(const RequestShape& shape) {
  const std::string id(kIdLength, '0');
  const std::string before = absl::StrCat(
      shape.method, " ", shape.uri, " SIP/2.0\r\nVia: SIP/2.0/", shape.transport,
      " load.example.com:5060;branch=", kBranchPrefix, id,
      ";rport\r\nMax-Forwards: 70\r\nFrom: \"Load\" <sip:load@example.com>;tag=1a2b3c4d"
      "\r\nTo: <",
      shape.uri, ">\r\nCall-ID: ", id, "@load.example.com\r\nCSeq: 1 ", shape.method,
      "\r\nContact: <sip:load@load.example.com:5060;transport=", shape.transport,
      ">\r\nAllow: OPTIONS, MESSAGE, INVITE, ACK, BYE, CANCEL\r\nUser-Agent: load");
  const std::string after = "\r\nContent-Length: 0\r\n\r\n";
  const size_t needed = before.size() + after.size();
  const size_t padding = std::max(shape.byte_count, needed) - needed;
  text_ = absl::StrCat(before, std::string(padding, 'x'), after);
  branch_offset_ = text_.find(kBranchPrefix.data(), 0, kBranchPrefix.size()) + kBranchPrefix.size();
  call_id_offset_ = text_.find(absl::StrCat(id, "@"));
}

void RequestTemplate::AppendTo(const RequestId& id, std::string* output) const {
  const size_t start = output->size();
  output->append(text_);
  WriteId(id, output->data() + start + branch_offset_);
  WriteId(id, output->data() + start + call_id_offset_);
}

}  // namespace sipcm::load
