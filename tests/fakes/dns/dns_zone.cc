#include "tests/fakes/dns/dns_zone.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace sipcm::fakes {
namespace {

constexpr uint16_t kA = 1;
constexpr uint16_t kCname = 5;
constexpr uint16_t kSoa = 6;
constexpr uint16_t kAaaa = 28;
constexpr uint16_t kSrv = 33;
constexpr uint16_t kNaptr = 35;
constexpr size_t kHeaderSize = 12;
constexpr int kLongestChain = 8;

std::string Short(uint32_t number) {
  return {static_cast<char>(number >> 8), static_cast<char>(number & 0xff)};
}
std::string Long(uint32_t number) { return Short(number >> 16) + Short(number & 0xffff); }
std::string Text(const std::string& text) {
  return std::string(1, static_cast<char>(text.size())) + text;
}
std::string Name(const std::string& name) {
  std::string encoded;
  for (absl::string_view label : absl::StrSplit(name, '.', absl::SkipEmpty())) {
    encoded += Text(std::string(label));
  }
  return encoded + '\0';
}

// The records of one section.
struct Section {
  explicit Section(uint32_t of_all) : ttl(of_all) {}
  uint32_t ttl;
  int count = 0;
  std::string bytes;

  void Add(const std::string& owner, uint16_t type, const std::string& data) {
    ++count;
    bytes += Name(owner) + Short(type) + Short(1) + Long(ttl) +
             Short(static_cast<uint32_t>(data.size())) + data;
  }
};

void AddRecords(const std::string& owner, uint16_t type, const DnsEntry& entry, Section* answers) {
  if (type == kA || type == kAaaa) {
    for (const std::string& text : type == kA ? entry.ipv4 : entry.ipv6) {
      const net::IpAddress ip = *net::IpAddress::Parse(text);
      answers->Add(owner, type, std::string(reinterpret_cast<const char*>(ip.bytes()), ip.size()));
    }
  } else if (type == kSrv) {
    for (const net::ServiceRecord& record : entry.services) {
      answers->Add(
          owner, type,
          Short(record.priority) + Short(record.weight) + Short(record.port) + Name(record.target));
    }
  } else if (type == kNaptr) {
    for (const net::PointerRecord& record : entry.pointers) {
      answers->Add(owner, type,
                   Short(record.order) + Short(record.preference) + Text(record.flags) +
                       Text(record.service) + Text("") + Name(record.replacement));
    }
  }
}

absl::string_view TypeName(uint16_t type) {
  return type == kA ? "A" : type == kAaaa ? "AAAA" : type == kSrv ? "SRV" : "NAPTR";
}

}  // namespace

std::string DnsZone::Reply(absl::string_view query, size_t limit,
                           std::vector<std::string>* asked) const {
  std::string name;
  size_t at = kHeaderSize;
  while (at < query.size() && query[at] != '\0') {
    const size_t length = static_cast<uint8_t>(query[at]);
    absl::StrAppend(&name, name.empty() ? "" : ".", query.substr(at + 1, length));
    at += 1 + length;
  }
  const size_t question_end = at + 5;
  if (question_end > query.size()) return std::string();
  const uint16_t type = static_cast<uint8_t>(query[at + 2]);
  absl::AsciiStrToLower(&name);
  asked->push_back(absl::StrCat(TypeName(type), " ", name));

  const auto find = [this](const std::string& of) {
    const auto found = entries_.find(of);
    return found == entries_.end() ? nullptr : &found->second;
  };
  DnsEntry none;
  none.code = DnsEntry::Code::kNoSuchName;
  const DnsEntry* entry = find(name) == nullptr ? &none : find(name);
  if (entry->silent || (entry->silent_on_ipv6 && type == kAaaa)) return std::string();
  Section answers(entry->ttl);
  std::string owner = name;
  for (int i = 0; i < kLongestChain && !entry->alias.empty(); ++i) {
    answers.Add(owner, kCname, Name(entry->alias));
    owner = entry->alias;
    if (find(owner) == nullptr) break;
    entry = find(owner);
  }
  if (entry->alias.empty() || find(owner) == nullptr) AddRecords(owner, type, *entry, &answers);
  Section authority(entry->negative_ttl.value_or(0));
  if (answers.count == 0 && entry->negative_ttl.has_value()) {
    authority.Add("example.net", kSoa,
                  Name("ns.example.net") + Name("admin.example.net") + Long(1) + Long(1) + Long(1) +
                      Long(1) + Long(*entry->negative_ttl));
  }
  std::string records = answers.bytes + authority.bytes;
  const bool cut = question_end + records.size() > limit;
  if (cut) records.clear();
  return absl::StrCat(
      query.substr(0, 2),
      std::string({static_cast<char>(cut ? 0x83 : 0x81),  // response, recursion desired, cut
                   static_cast<char>(0x80 | static_cast<uint8_t>(entry->code))}),
      Short(1), Short(cut ? 0 : answers.count), Short(cut ? 0 : authority.count), Short(0),
      query.substr(kHeaderSize, question_end - kHeaderSize), records);
}

}  // namespace sipcm::fakes
