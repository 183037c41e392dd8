#include "core/sip/header_id.h"

#include <array>

namespace sipcm::sip {
namespace {

struct HeaderRow {
  absl::string_view name;
  char compact;  // 0: none
  Occurrence occurrence;
};

constexpr Occurrence kList = Occurrence::kList;
constexpr Occurrence kSingle = Occurrence::kSingle;

// In the order of HeaderId. Only headers whose repetition changes what the message means are
// kSingle; a second Server or Subject harms nobody.
constexpr std::array<HeaderRow, kHeaderIdCount> kRows = {{
    {"", 0, kList},
    {"Accept", 0, kList},
    {"Accept-Contact", 'a', kList},
    {"Accept-Encoding", 0, kList},
    {"Accept-Language", 0, kList},
    {"Alert-Info", 0, kList},
    {"Allow", 0, kList},
    {"Allow-Events", 'u', kList},
    {"Authentication-Info", 0, kList},
    {"Authorization", 0, kList},
    {"Call-ID", 'i', kSingle},
    {"Call-Info", 0, kList},
    {"Contact", 'm', kList},
    {"Content-Disposition", 0, kSingle},
    {"Content-Encoding", 'e', kList},
    {"Content-Language", 0, kList},
    {"Content-Length", 'l', kSingle},
    {"Content-Type", 'c', kSingle},
    {"CSeq", 0, kSingle},
    {"Date", 0, kSingle},
    {"Diversion", 0, kList},
    {"Error-Info", 0, kList},
    {"Event", 'o', kSingle},
    {"Expires", 0, kSingle},
    {"Flow-Timer", 0, kSingle},
    {"From", 'f', kSingle},
    {"Geolocation", 0, kList},
    {"History-Info", 0, kList},
    {"Identity", 'y', kList},
    {"Identity-Info", 'n', kList},
    {"In-Reply-To", 0, kList},
    {"Join", 0, kSingle},
    {"Max-Forwards", 0, kSingle},
    {"MIME-Version", 0, kSingle},
    {"Min-Expires", 0, kSingle},
    {"Min-SE", 0, kSingle},
    {"Organization", 0, kList},
    {"Path", 0, kList},
    {"P-Access-Network-Info", 0, kList},
    {"P-Asserted-Identity", 0, kList},
    {"P-Preferred-Identity", 0, kList},
    {"Priority", 0, kList},
    {"Privacy", 0, kList},
    {"Proxy-Authenticate", 0, kList},
    {"Proxy-Authorization", 0, kList},
    {"Proxy-Require", 0, kList},
    {"RAck", 0, kSingle},
    {"Reason", 0, kList},
    {"Record-Route", 0, kList},
    {"Refer-Sub", 0, kSingle},
    {"Refer-To", 'r', kSingle},
    {"Referred-By", 'b', kSingle},
    {"Reject-Contact", 'j', kList},
    {"Replaces", 0, kSingle},
    {"Reply-To", 0, kSingle},
    {"Request-Disposition", 'd', kList},
    {"Require", 0, kList},
    {"Retry-After", 0, kSingle},
    {"Route", 0, kList},
    {"RSeq", 0, kSingle},
    {"Server", 0, kList},
    {"Service-Route", 0, kList},
    {"Session-Expires", 'x', kSingle},
    {"SIP-ETag", 0, kSingle},
    {"SIP-If-Match", 0, kSingle},
    {"Subject", 's', kList},
    {"Subscription-State", 0, kSingle},
    {"Supported", 'k', kList},
    {"Target-Dialog", 0, kSingle},
    {"Timestamp", 0, kSingle},
    {"To", 't', kSingle},
    {"Unsupported", 0, kList},
    {"User-Agent", 0, kList},
    {"Via", 'v', kList},
    {"Warning", 0, kList},
    {"WWW-Authenticate", 0, kList},
}};
static_assert(!kRows.back().name.empty(), "one row per HeaderId");

constexpr unsigned char Lower(char c) {
  // Enough for tokens: no token character but the upper-case letters lacks this bit, save "_",
  // which becomes DEL and equals nothing.
  return static_cast<unsigned char>(c) | 0x20;
}

constexpr size_t kSlots = 256;

constexpr size_t Hash(absl::string_view name) {
  const size_t size = name.size();
  return (size * 5 + Lower(name[0]) * 3 + Lower(name[size - 1]) * 17 + Lower(name[size / 2]) * 41) %
         kSlots;
}

// Open addressing with linear probing; 0 (kUnknown) marks a free slot.
constexpr std::array<uint8_t, kSlots> MakeSlots() {
  std::array<uint8_t, kSlots> slots{};
  for (size_t id = 1; id < kHeaderIdCount; ++id) {
    size_t slot = Hash(kRows[id].name);
    while (slots[slot] != 0) slot = (slot + 1) % kSlots;
    slots[slot] = static_cast<uint8_t>(id);
  }
  return slots;
}

constexpr std::array<uint8_t, 256> MakeCompactForms() {
  std::array<uint8_t, 256> forms{};
  for (size_t id = 1; id < kHeaderIdCount; ++id) {
    const char compact = kRows[id].compact;
    if (compact == 0) continue;
    forms[static_cast<unsigned char>(compact)] = static_cast<uint8_t>(id);
    forms[static_cast<unsigned char>(compact) - 0x20u] = static_cast<uint8_t>(id);
  }
  return forms;
}

constexpr std::array<uint8_t, kSlots> kSlotTable = MakeSlots();
constexpr std::array<uint8_t, 256> kCompactForms = MakeCompactForms();

bool SameName(absl::string_view a, absl::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (Lower(a[i]) != Lower(b[i])) return false;
  }
  return true;
}

}  // namespace

HeaderId LookupHeader(absl::string_view name) {
  if (name.empty()) return HeaderId::kUnknown;
  if (name.size() == 1) {
    return static_cast<HeaderId>(kCompactForms[static_cast<unsigned char>(name[0])]);
  }
  for (size_t slot = Hash(name); kSlotTable[slot] != 0; slot = (slot + 1) % kSlots) {
    const uint8_t id = kSlotTable[slot];
    if (SameName(name, kRows[id].name)) return static_cast<HeaderId>(id);
  }
  return HeaderId::kUnknown;
}

absl::string_view HeaderName(HeaderId id) { return kRows[static_cast<size_t>(id)].name; }

Occurrence HeaderOccurrence(HeaderId id) { return kRows[static_cast<size_t>(id)].occurrence; }

}  // namespace sipcm::sip
