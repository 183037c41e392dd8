#include "core/net/dns/dns_reply.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/random_source.h"
#include "tests/fakes/dns/dns_zone.h"

namespace sipcm::net {
namespace {

constexpr char kSrvQuestion[] = {0, 33, 0, 1};

std::string Bytes(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text.push_back(static_cast<char>(byte));
  return text;
}
std::string Head(int answers, int authorities = 0) {
  return Bytes({0, 1, 0x81, 0x80, 0, 0, 0, answers, 0, authorities, 0, 0});
}
// An SRV record of the root with this target, as written.
std::string Service(const std::string& target) {
  return Bytes({0, 0, 33, 0, 1, 0, 0, 0, 60, 0, static_cast<int>(6 + target.size()), 0, 1, 0, 2,
                0x13, 0xc4}) +
         target;
}
std::string ReplyOf(const fakes::DnsEntry& entry) {
  fakes::DnsZone zone;
  zone.Set("x", entry);
  std::vector<std::string> asked;
  const std::string query = Bytes({0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'x', 0}) +
                            std::string(kSrvQuestion, sizeof(kSrvQuestion));
  return zone.Reply(query, 65535, &asked);
}

TEST(DnsReplyTest, ReadsServicesAndTheShortestTime) {
  fakes::DnsEntry entry;
  entry.services = {{10, 60, 5060, "a.example"}, {20, 0, 5061, "B.Example"}};
  entry.ttl = 77;
  const auto reply = ParseDnsReply(ReplyOf(entry));
  ASSERT_TRUE(reply.has_value());
  ASSERT_EQ(reply->services.size(), 2u);
  EXPECT_EQ(reply->services[0], (ServiceRecord{10, 60, 5060, "a.example"}));
  EXPECT_EQ(reply->services[1].target, "b.example");
  EXPECT_EQ(reply->ttl, absl::Seconds(77));
  EXPECT_FALSE(reply->negative_ttl.has_value());
}

TEST(DnsReplyTest, FollowsNamesThatPointBackAndNoOthers) {
  // The target is "t" and a pointer to the name at 12: the root, so "t".
  const auto back = ParseDnsReply(Head(1) + Service(Bytes({1, 't', 0xc0, 12})));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->services[0].target, "t");
  const int self = 12 + 17;  // where the target begins
  EXPECT_FALSE(ParseDnsReply(Head(1) + Service(Bytes({0xc0, self}))).has_value()) << "itself";
  EXPECT_FALSE(ParseDnsReply(Head(1) + Service(Bytes({0xc0, self + 1}))).has_value()) << "ahead";
  EXPECT_FALSE(ParseDnsReply(Head(1) + Service(Bytes({1, 't', 0xc0, self}))).has_value())
      << "to its own start";
}

TEST(DnsReplyTest, ServiceThatIsNotOfferedHasNoTarget) {
  const auto reply = ParseDnsReply(Head(1) + Service(Bytes({0})));
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->services[0].target, "");
}

TEST(DnsReplyTest, TargetsThatAreNoHostNameAreLeftOut) {
  for (const std::string& label : {std::string("a b"), std::string("a.b"), std::string("a\0b", 3),
                                   std::string("a/b"), std::string("\xff")}) {
    const std::string target = static_cast<char>(label.size()) + label + '\0';
    const auto reply = ParseDnsReply(Head(1) + Service(target));
    ASSERT_TRUE(reply.has_value());
    EXPECT_TRUE(reply->services.empty()) << label;
  }
}

TEST(DnsReplyTest, NegativeTimeIsTheLesserOfTheTwoInTheSoa) {
  const auto soa = [](int ttl, int minimum) {
    return Head(0, 1) + Bytes({0, 0, 6, 0, 1, 0, 0, 0, ttl, 0, 22, 0, 0, 0, 0, 0,      0,
                               0, 0, 0, 0, 0, 0, 0, 0, 0,   0, 0,  0, 0, 0, 0, minimum});
  };
  EXPECT_EQ(ParseDnsReply(soa(9, 20))->negative_ttl, absl::Seconds(9));
  EXPECT_EQ(ParseDnsReply(soa(30, 20))->negative_ttl, absl::Seconds(20));
}

TEST(DnsReplyTest, ATtlWithItsHighestBitIsZero) {
  std::string reply = Head(1) + Service(Bytes({1, 't', 0}));
  reply[12 + 5] = '\x80';
  EXPECT_EQ(ParseDnsReply(reply)->ttl, absl::ZeroDuration());
}

TEST(DnsReplyTest, DataMustNotRunOverItsRecord) {
  std::string reply = Head(2) + Service(Bytes({1, 't', 0})) + Service(Bytes({1, 'u', 0}));
  ASSERT_EQ(ParseDnsReply(reply)->services.size(), 2u);
  reply[12 + 10] = 7;  // of 9: the target's length byte only
  EXPECT_FALSE(ParseDnsReply(reply).has_value());
}

TEST(DnsReplyTest, CutAnywhereItIsRefused) {
  fakes::DnsEntry entry;
  entry.services = {{10, 60, 5060, "a.example"}, {20, 0, 5061, "b.example"}};
  const std::string whole = ReplyOf(entry);
  ASSERT_TRUE(ParseDnsReply(whole).has_value());
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ParseDnsReply(absl::string_view(whole).substr(0, size)).has_value()) << size;
  }
}

TEST(DnsReplyTest, NeitherCountsNorBytesThatLieDoHarm) {
  fakes::DnsEntry entry;
  entry.services = {{10, 60, 5060, "a.example"}, {20, 0, 5061, "b.example"}};
  const std::string whole = ReplyOf(entry);
  SeededRandomSource random(5);
  int read = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = whole;
    for (int n = 0; n < 3; ++n) {
      bytes[random.Next() % bytes.size()] = static_cast<char>(random.Next());
    }
    const auto reply = ParseDnsReply(bytes);
    if (!reply.has_value()) continue;
    ++read;
    for (const ServiceRecord& service : reply->services) EXPECT_LE(service.target.size(), 253u);
  }
  EXPECT_GT(read, 1000);
}

TEST(DnsReplyTest, OfManyRecordsTheRestIsLeftOut) {
  fakes::DnsEntry entry;
  for (int i = 0; i < 600; ++i) entry.services.push_back({1, 1, 5060, "a"});
  EXPECT_EQ(ParseDnsReply(ReplyOf(entry))->services.size(), DnsReply::kMaxRecords);
}

}  // namespace
}  // namespace sipcm::net
