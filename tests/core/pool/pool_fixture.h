#ifndef SIPCM_TESTS_CORE_POOL_POOL_FIXTURE_H_
#define SIPCM_TESTS_CORE_POOL_POOL_FIXTURE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/random_source.h"
#include "core/pool/connection_pool.h"
#include "gtest/gtest.h"
#include "tests/core/pool/pool_owner.h"
#include "tests/fakes/test_listener.h"

namespace sipcm::pool {

// One pool to a server at 192.0.2.7:5060, in virtual time.
class PoolFixture : public ::testing::Test, protected PoolOwner {
 protected:
  // What became of one request.
  struct Outcome {
    bool answered = false;
    absl::Status status;
    connection::Connection* connection = nullptr;
    std::unique_ptr<ConnectionPool::Waiter> waiter;
  };

  PoolFixture() {
    server_.emplace(&network_, &loop_, address_);
    // Nobody answers pings here, and nothing is idle unless a test says so.
    settings_.ping_interval = absl::InfiniteDuration();
    settings_.outgoing_idle_timeout = absl::InfiniteDuration();
  }

  // Nothing is left.
  ~PoolFixture() override {
    outcomes_.clear();
    if (pool_ != nullptr) {
      pool_->Drain(loop_.Now());
      loop_.RunUntilIdle();
      EXPECT_TRUE(pool_->empty());
      EXPECT_EQ(pool_->statistics().waiting_count, 0);
      pool_.reset();
    }
    EXPECT_TRUE(connections_.empty());
    EXPECT_EQ(network_.attempt_count(), 0u);
    EXPECT_EQ(resolver_->pending_count(), 0u);
    server_.reset();
    EXPECT_TRUE(network_.streams().empty());
    roster_.reset();
    environment_.reset();
    EXPECT_EQ(loop_.alarm_count(), 0u);
    ExpectGauges(0, 0, 0, 0);
    EXPECT_EQ(totals_.busy.value(), 0);
  }

  void MakePool(int max, SelectionPolicy selection = SelectionPolicy::kGrowFirst) {
    limits_.max_connection_count = max;
    limits_.selection = selection;
    Destination destination;
    destination.host = host_;
    destination.port = address_.port;
    pool_ = std::make_unique<ConnectionPool>(*Destination::Normalized(destination), limits_, &loop_,
                                             static_cast<ConnectionPool::Owner*>(this), &random_,
                                             &totals_);
  }

  // One request; its outcome holds until the fixture ends.
  Outcome* Acquire() {
    outcomes_.push_back(std::make_unique<Outcome>());
    Outcome* const outcome = outcomes_.back().get();
    in_pool_call_ = true;
    ConnectionPool::Acquired acquired =
        pool_->Acquire([this, outcome](absl::StatusOr<connection::Connection*> result) {
          EXPECT_FALSE(in_pool_call_) << "answered from inside a call";
          EXPECT_FALSE(outcome->answered);
          Note(outcome, std::move(result));
          if (on_answer_) on_answer_(outcome);
        });
    in_pool_call_ = false;
    EXPECT_EQ(
        (acquired.connection != nullptr) + (acquired.waiter != nullptr) + !acquired.refused.ok(),
        1);
    EXPECT_EQ(acquired.reused, acquired.connection != nullptr);
    if (acquired.waiter != nullptr) {
      outcome->waiter = std::move(acquired.waiter);
    } else if (acquired.connection != nullptr) {
      Note(outcome, acquired.connection);
    } else {
      Note(outcome, acquired.refused);
    }
    return outcome;
  }
  // `count` requests, one after the other is served; the number of the connection of each, by age.
  std::vector<int> Serve(int count) {
    std::vector<int> used;
    for (int i = 0; i < count; ++i) {
      Outcome* const outcome = Acquire();
      loop_.RunUntilIdle();
      EXPECT_TRUE(outcome->answered && outcome->status.ok()) << outcome->status;
      used.push_back(NumberOf(outcome->connection));
    }
    return used;
  }
  void ExpectRefused(const Outcome* outcome, absl::StatusCode code, const std::string& reason) {
    ASSERT_TRUE(outcome->answered);
    EXPECT_EQ(outcome->status.code(), code) << outcome->status;
    EXPECT_EQ(ReasonOf(outcome->status), reason) << outcome->status;
    EXPECT_EQ(outcome->connection, nullptr);
  }

  // What the pools of a worker count together.
  void ExpectGauges(int connecting, int established, int draining, int waiting) {
    EXPECT_EQ(totals_.connecting.value(), connecting);
    EXPECT_EQ(totals_.established.value(), established);
    EXPECT_EQ(totals_.draining.value(), draining);
    EXPECT_EQ(totals_.waiting.value(), waiting);
  }

  const net::SocketAddress address_{*net::IpAddress::Parse("192.0.2.7"), 5060};
  std::string host_ = "192.0.2.7";
  std::optional<fakes::TestListener> server_;
  PoolTotals totals_;
  PoolLimits limits_;
  std::vector<std::unique_ptr<Outcome>> outcomes_;
  std::function<void(Outcome*)> on_answer_;

 private:
  static void Note(Outcome* outcome, absl::StatusOr<connection::Connection*> result) {
    outcome->answered = true;
    outcome->status = result.status();
    if (result.ok()) {
      EXPECT_TRUE((*result)->is_usable());
      outcome->connection = *result;
    }
  }
};

}  // namespace sipcm::pool

#endif  // SIPCM_TESTS_CORE_POOL_POOL_FIXTURE_H_
