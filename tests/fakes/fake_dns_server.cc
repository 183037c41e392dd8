#include "tests/fakes/fake_dns_server.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/check.h"
#include "core/net/socket/native_address.h"

namespace sipcm::fakes {
namespace {

constexpr uint16_t kTypeA = 1;
constexpr uint16_t kTypeCname = 5;
constexpr uint16_t kTypeAaaa = 28;
constexpr size_t kHeaderSize = 12;

void AppendNumber(uint16_t number, std::string* to) {
  to->push_back(static_cast<char>(number >> 8));
  to->push_back(static_cast<char>(number & 0xff));
}

std::string EncodeName(const std::string& name) {
  std::string encoded;
  for (absl::string_view label : absl::StrSplit(name, '.')) {
    encoded.push_back(static_cast<char>(label.size()));
    absl::StrAppend(&encoded, label);
  }
  encoded.push_back('\0');
  return encoded;
}

void AppendRecord(const std::string& owner, uint16_t type, absl::string_view data,
                  std::string* reply) {
  reply->append(owner);
  AppendNumber(type, reply);
  AppendNumber(1, reply);  // class IN
  AppendNumber(0, reply);
  AppendNumber(60, reply);  // TTL
  AppendNumber(static_cast<uint16_t>(data.size()), reply);
  reply->append(data.data(), data.size());
}

}  // namespace

FakeDnsServer::FakeDnsServer(event::FdLoop* loop)
    : socket_(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
  const net::NativeAddress any(*net::SocketAddress::Parse("127.0.0.1:0"));
  SIPCM_CHECK(bind(socket_.get(), any.data(), any.size()) == 0);
  address_ = *net::NativeAddress::OfSocket(socket_.get());
  watch_ = loop->WatchFd(socket_.get(), this);
  watch_->SetInterest(true, false);
}

void FakeDnsServer::OnFdReadable() {
  char buffer[1500];
  net::NativeAddress from;
  const ssize_t size =
      recvfrom(socket_.get(), buffer, sizeof(buffer), 0, from.data(), from.size_pointer());
  if (size < static_cast<ssize_t>(kHeaderSize)) return;
  const std::string reply = Reply(absl::string_view(buffer, static_cast<size_t>(size)));
  if (reply.empty()) return;
  static_cast<void>(sendto(socket_.get(), reply.data(), reply.size(), 0, from.data(), from.size()));
}

// RFC 1035 4.1; one question, no compression.
std::string FakeDnsServer::Reply(absl::string_view query) {
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
  questions_.push_back(absl::StrCat(type == kTypeA ? "A " : "AAAA ", name));

  const auto found = entries_.find(name);
  Entry entry;
  if (found != entries_.end()) {
    entry = found->second;
  } else {
    entry.code = Code::kNoSuchName;
  }
  if (entry.silent) return std::string();

  std::string records;
  uint16_t count = 0;
  std::string owner = EncodeName(name);
  if (!entry.alias.empty()) {
    AppendRecord(owner, kTypeCname, EncodeName(entry.alias), &records);
    owner = EncodeName(entry.alias);
    ++count;
  }
  for (const std::string& text : type == kTypeA ? entry.ipv4 : entry.ipv6) {
    const net::IpAddress ip = *net::IpAddress::Parse(text);
    const absl::string_view data(reinterpret_cast<const char*>(ip.bytes()), ip.size());
    AppendRecord(owner, type == kTypeA ? kTypeA : kTypeAaaa, data, &records);
    ++count;
  }
  std::string reply(query.substr(0, 2));
  reply.push_back('\x81');  // response, recursion desired
  reply.push_back(static_cast<char>(0x80 | static_cast<uint8_t>(entry.code)));
  AppendNumber(1, &reply);
  AppendNumber(count, &reply);
  AppendNumber(0, &reply);
  AppendNumber(0, &reply);
  absl::StrAppend(&reply, query.substr(kHeaderSize, question_end - kHeaderSize));
  return reply + records;
}

}  // namespace sipcm::fakes
