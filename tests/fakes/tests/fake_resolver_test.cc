#include "tests/fakes/fake_resolver.h"

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

class FakeResolverTest : public testing::Test {
 protected:
  std::optional<FakeResolver::Answer> Resolve(const std::string& host,
                                              absl::Duration limit = absl::Hours(1)) {
    std::optional<FakeResolver::Answer> answer;
    auto resolution =
        resolver_.Resolve(host, [&](FakeResolver::Answer result) { answer = std::move(result); });
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
  ASSERT_TRUE(answer.has_value() && answer->ok());
  ASSERT_EQ((*answer)->size(), 2u);
  EXPECT_EQ((**answer)[0].ToString(), "192.0.2.1");
  EXPECT_EQ(resolver_.questions(), std::vector<std::string>{"SIP.Example.NET"});
}

TEST_F(FakeResolverTest, UnknownNamesDoNotExistAndLiteralsAnswerThemselves) {
  EXPECT_EQ(ReasonOf(Resolve("none.example.net")->status()), "DNS_NO_SUCH_NAME");
  EXPECT_EQ((**Resolve("192.0.2.9"))[0].ToString(), "192.0.2.9");
  resolver_.SetAddresses("a.example.net", {"192.0.2.1"});
  resolver_.Forget("A.example.net");
  EXPECT_EQ(ReasonOf(Resolve("a.example.net")->status()), "DNS_NO_SUCH_NAME");
}

TEST_F(FakeResolverTest, FailsOrIsSilentOnDemand) {
  resolver_.SetError("a.example.net", absl::UnavailableError("down"));
  EXPECT_EQ(Resolve("a.example.net")->status(), absl::UnavailableError("down"));
  resolver_.SetSilent("a.example.net");
  EXPECT_FALSE(Resolve("a.example.net").has_value());
  EXPECT_EQ(resolver_.pending_count(), 0u);
}

TEST_F(FakeResolverTest, TakesItsDelayToTheEdge) {
  resolver_.set_delay(absl::Seconds(2));
  EXPECT_FALSE(Resolve("192.0.2.9", absl::Seconds(2) - absl::Nanoseconds(1)).has_value());
  EXPECT_TRUE(Resolve("192.0.2.9", absl::Seconds(2)).has_value());
}

}  // namespace
}  // namespace sipcm::fakes
