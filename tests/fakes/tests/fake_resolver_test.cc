#include "tests/fakes/dns/fake_resolver.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/error.h"
#include "tests/fakes/manual_event_loop.h"

namespace sipcm::fakes {
namespace {

using net::DnsAnswer;
using net::RecordType;

class FakeResolverTest : public testing::Test {
 protected:
  std::optional<DnsAnswer> Resolve(const std::string& name, RecordType type = RecordType::kAddress,
                                   absl::Duration limit = absl::Hours(1)) {
    std::optional<DnsAnswer> answer;
    auto resolution =
        resolver_.Resolve(type, name, [&](const DnsAnswer& result) { answer = result; });
    EXPECT_FALSE(answer.has_value()) << "answered from inside Resolve()";
    loop_.AdvanceBy(limit);
    return answer;
  }

  ManualEventLoop loop_;
  FakeResolver resolver_{&loop_};
};

TEST_F(FakeResolverTest, AnswersFromItsTableWithoutRegardToCase) {
  resolver_.SetAddresses("sip.example.net", {"192.0.2.1", "2001:db8::1"});
  const auto answer = Resolve("SIP.Example.NET");
  ASSERT_TRUE(answer.has_value() && answer->status.ok());
  ASSERT_EQ(answer->addresses.size(), 2u);
  EXPECT_EQ(answer->addresses[0].ToString(), "192.0.2.1");
  EXPECT_EQ(answer->ttl, absl::Minutes(1));
  EXPECT_EQ(resolver_.questions(), std::vector<std::string>{"SIP.Example.NET"});
}

TEST_F(FakeResolverTest, TellsTheTypesOfOneNameApart) {
  resolver_.SetServices("example.net", {{1, 2, 5060, "a.example.net"}});
  EXPECT_EQ(Resolve("example.net", RecordType::kService)->services[0].target, "a.example.net");
  EXPECT_EQ(ReasonOf(Resolve("example.net", RecordType::kPointer)->status), "DNS_NO_SUCH_NAME");
  resolver_.SetPointers("example.net", {{1, 2, "s", "SIP+D2T", "b.example.net"}});
  EXPECT_EQ(Resolve("example.net", RecordType::kPointer)->pointers[0].replacement, "b.example.net");
  EXPECT_EQ(ReasonOf(Resolve("example.net")->status), "DNS_NO_SUCH_NAME");
  EXPECT_EQ(resolver_.questions(), (std::vector<std::string>{"SRV example.net", "NAPTR example.net",
                                                             "NAPTR example.net", "example.net"}));
}

TEST_F(FakeResolverTest, UnknownNamesDoNotExistAndLiteralsAnswerThemselves) {
  EXPECT_EQ(ReasonOf(Resolve("none.example.net")->status), "DNS_NO_SUCH_NAME");
  EXPECT_EQ(Resolve("192.0.2.9")->addresses[0].ToString(), "192.0.2.9");
  resolver_.SetAddresses("a.example.net", {"192.0.2.1"});
  resolver_.Forget("A.example.net");
  EXPECT_EQ(ReasonOf(Resolve("a.example.net")->status), "DNS_NO_SUCH_NAME");
}

TEST_F(FakeResolverTest, FailsOrIsSilentOnDemand) {
  resolver_.SetError("a.example.net", absl::UnavailableError("down"));
  EXPECT_EQ(Resolve("a.example.net")->status, absl::UnavailableError("down"));
  resolver_.SetSilent("a.example.net");
  EXPECT_FALSE(Resolve("a.example.net").has_value());
  EXPECT_EQ(resolver_.pending_count(), 0u);
}

TEST_F(FakeResolverTest, TakesItsDelayToTheEdge) {
  resolver_.set_delay(absl::Seconds(2));
  EXPECT_FALSE(Resolve("192.0.2.9", RecordType::kAddress, absl::Seconds(2) - absl::Nanoseconds(1))
                   .has_value());
  EXPECT_TRUE(Resolve("192.0.2.9", RecordType::kAddress, absl::Seconds(2)).has_value());
}

}  // namespace
}  // namespace sipcm::fakes
