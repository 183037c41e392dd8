#include "core/engine/manager/manager_state.h"

#include <memory>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/engine/engine_fixture.h"

namespace sipcm::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ManagerStateTest : public ::testing::Test {
 protected:
  void Add(const std::string& id) {
    auto endpoint = std::make_shared<dispatch::Endpoint>();
    endpoint->id = id;
    endpoint->kind = dispatch::EndpointKind::kRegistered;
    endpoint->address = "sip:" + id + "@example.com";
    const auto put = [&](dispatch::EndpointDirectory* directory) {
      return directory->Put({endpoint, std::make_shared<dispatch::SubscriptionGroup>()});
    };
    ASSERT_TRUE(state_.directory().Edit(put).ok());
  }
  std::shared_ptr<const dispatch::Endpoint> Find(const std::string& id) {
    return state_.directory().Get()->FindById(id)->endpoint;
  }

  RecordingEventSink events_;
  ManagerState state_{"edge", nullptr, 1, &events_};
};

TEST_F(ManagerStateTest, GruusAreOfTheirEndpointAndReplaceTheFormerOnes) {
  Add("alice");
  Add("bob");
  state_.SetGruus("alice", {"sip:alice@example.com;gr=1", "sip:x@example.com;gr"});
  EXPECT_THAT(Find("alice")->gruus,
              ElementsAre("sip:alice@example.com;gr=1", "sip:x@example.com;gr"));
  EXPECT_THAT(Find("bob")->gruus, IsEmpty());
  state_.SetGruus("alice", {});
  EXPECT_THAT(Find("alice")->gruus, IsEmpty());
}

TEST_F(ManagerStateTest, GruusOfAnEndpointThatIsGoneArePassedOver) {
  Add("alice");
  state_.SetGruus("carol", {"sip:carol@example.com;gr=1"});
  EXPECT_EQ(state_.directory().Get()->size(), 1u);
}

TEST_F(ManagerStateTest, AListeningFailsOnceAndOnlyWhileItIsUnderWay) {
  const absl::Status why = absl::UnavailableError("broken");
  const uint64_t first = state_.BeginListening({});
  EXPECT_TRUE(state_.FailListening(first, why));
  EXPECT_EQ(state_.state(), ManagerStatus::State::kFailed);
  EXPECT_FALSE(state_.FailListening(first, why)) << "another worker says so too";
  const uint64_t second = state_.BeginListening({});
  EXPECT_FALSE(state_.FailListening(first, why)) << "it was started again meanwhile";
  EXPECT_EQ(state_.state(), ManagerStatus::State::kListening);
  state_.SetState(ManagerStatus::State::kStopping, {});
  EXPECT_FALSE(state_.FailListening(second, why)) << "it stops already";
  EXPECT_EQ(state_.state(), ManagerStatus::State::kStopping);
  EXPECT_EQ(events_.Count(EngineEvent::Kind::kManagerFailed), 1);
}

}  // namespace
}  // namespace sipcm::engine
