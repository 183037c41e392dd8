#include "core/net/dns/dns_reply.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"

namespace sipcm::net {
namespace {

// RFC 1035, RFC 2782, RFC 3403.
constexpr uint16_t kTypeSoa = 6;
constexpr uint16_t kTypeSrv = 33;
constexpr uint16_t kTypeNaptr = 35;
constexpr size_t kLongestName = 253;  // as text

// Walks the bytes of one reply; after a fault all reads give nothing.
class Reader {
 public:
  explicit Reader(absl::string_view reply) : reply_(reply) {}

  bool ok() const { return ok_; }
  size_t at() const { return at_; }
  void Skip(size_t count) { Take(count); }

  uint8_t Byte() {
    const absl::string_view bytes = Take(1);
    return bytes.empty() ? 0 : static_cast<uint8_t>(bytes[0]);
  }
  uint16_t Short() {
    const uint16_t high = Byte();
    return static_cast<uint16_t>(high << 8 | Byte());
  }
  uint32_t Long() {
    const uint32_t high = Short();
    return high << 16 | Short();
  }
  std::string Text() { return std::string(Take(Byte())); }

  // Lower case. Pointers lead backwards only, so this ends. `plausible`: a host name by its bytes.
  std::string Name(bool* plausible) {
    std::string name;
    size_t at = at_;
    size_t limit = at_;  // a pointer leads to before this
    bool jumped = false;
    while (ok_) {
      const uint8_t length = ByteAt(at);
      if ((length & 0xc0) == 0xc0) {
        const size_t target = static_cast<size_t>(length & 0x3f) << 8 | ByteAt(at + 1);
        if (!jumped) at_ = at + 2;
        jumped = true;
        ok_ = ok_ && target < limit;
        at = limit = target;
        continue;
      }
      if (length == 0) {
        if (!jumped) at_ = at + 1;
        break;
      }
      ok_ = ok_ && length < 64 && at + 1 + length <= reply_.size() &&
            name.size() + 1 + length <= kLongestName;
      if (!ok_) break;
      if (!name.empty()) name.push_back('.');
      const absl::string_view label = reply_.substr(at + 1, length);
      for (const char c : label) {
        *plausible = *plausible &&
                     (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_');
      }
      name.append(label.data(), label.size());
      at += 1 + length;
    }
    absl::AsciiStrToLower(&name);
    return name;
  }

 private:
  uint8_t ByteAt(size_t at) {
    ok_ = ok_ && at < reply_.size();
    return ok_ ? static_cast<uint8_t>(reply_[at]) : 0;
  }
  absl::string_view Take(size_t count) {
    ok_ = ok_ && count <= reply_.size() - at_;
    if (!ok_) return absl::string_view();
    at_ += count;
    return reply_.substr(at_ - count, count);
  }

  const absl::string_view reply_;
  size_t at_ = 0;
  bool ok_ = true;
};

void ReadService(Reader& reader, DnsReply* reply) {
  ServiceRecord record;
  bool plausible = true;
  record.priority = reader.Short();
  record.weight = reader.Short();
  record.port = reader.Short();
  record.target = reader.Name(&plausible);
  if (!reader.ok() || !plausible || reply->services.size() == DnsReply::kMaxRecords) return;
  reply->services.push_back(std::move(record));
}

void ReadPointer(Reader& reader, DnsReply* reply) {
  PointerRecord record;
  bool plausible = true;
  record.order = reader.Short();
  record.preference = reader.Short();
  record.flags = reader.Text();
  record.service = reader.Text();
  reader.Text();  // the regular expression
  record.replacement = reader.Name(&plausible);
  if (!reader.ok() || !plausible || reply->pointers.size() == DnsReply::kMaxRecords) return;
  reply->pointers.push_back(std::move(record));
}

// How long "there is none" holds: the lesser of the record's own time and its MINIMUM.
absl::Duration ReadNegativeTtl(Reader& reader, uint32_t ttl) {
  bool ignored = true;
  reader.Name(&ignored);  // MNAME
  reader.Name(&ignored);  // RNAME
  reader.Skip(16);        // SERIAL, REFRESH, RETRY, EXPIRE
  return absl::Seconds(std::min(ttl, reader.Long()));
}

// What stands before the data of a record.
struct RecordHead {
  uint16_t type = 0;
  uint32_t ttl = 0;
  size_t end = 0;
};

RecordHead ReadHead(Reader& reader) {
  RecordHead head;
  bool ignored = true;
  reader.Name(&ignored);
  head.type = reader.Short();
  reader.Skip(2);  // class
  head.ttl = reader.Long();
  if (head.ttl > 0x7fffffff) head.ttl = 0;  // RFC 2181 8
  const uint16_t size = reader.Short();
  head.end = reader.at() + size;
  return head;
}

}  // namespace

std::optional<DnsReply> ParseDnsReply(absl::string_view bytes) {
  Reader reader(bytes);
  reader.Skip(4);  // id, flags
  const uint16_t question_count = reader.Short();
  const uint16_t answer_count = reader.Short();
  const uint16_t authority_count = reader.Short();
  reader.Skip(2);
  for (int i = 0; i < question_count && reader.ok(); ++i) {
    bool ignored = true;
    reader.Name(&ignored);
    reader.Skip(4);
  }
  DnsReply reply;
  uint32_t shortest = UINT32_MAX;
  for (int i = 0; i < answer_count + authority_count && reader.ok(); ++i) {
    const RecordHead head = ReadHead(reader);
    const bool is_answer = i < answer_count;
    if (!reader.ok() || head.end > bytes.size()) return std::nullopt;
    // A reader of its own: data must not run over into the next record.
    Reader data(bytes.substr(0, head.end));
    data.Skip(reader.at());
    if (is_answer && head.type == kTypeSrv) ReadService(data, &reply);
    if (is_answer && head.type == kTypeNaptr) ReadPointer(data, &reply);
    if (is_answer) shortest = std::min(shortest, head.ttl);
    if (!is_answer && head.type == kTypeSoa) reply.negative_ttl = ReadNegativeTtl(data, head.ttl);
    if (!data.ok()) return std::nullopt;
    reader.Skip(head.end - reader.at());
  }
  if (!reader.ok()) return std::nullopt;
  if (answer_count > 0) reply.ttl = absl::Seconds(shortest);
  return reply;
}

}  // namespace sipcm::net
