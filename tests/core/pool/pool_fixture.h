#ifndef SIPCM_TESTS_CORE_POOL_POOL_FIXTURE_H_
#define SIPCM_TESTS_CORE_POOL_POOL_FIXTURE_H_

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/random_source.h"
#include "core/connection/attempt.h"
#include "core/connection/connection_environment.h"
#include "core/pool/connection_pool.h"
#include "gtest/gtest.h"
#include "tests/fakes/fake_network.h"
#include "tests/fakes/fake_resolver.h"
#include "tests/fakes/manual_event_loop.h"
#include "tests/fakes/test_listener.h"

namespace sipcm::pool {

// One pool to a server at 192.0.2.7:5060, in virtual time. The fixture owns the connections, as a
// worker's table does.
class PoolFixture : public ::testing::Test,
                    protected ConnectionPool::Owner,
                    protected connection::Connection::Listener {
 protected:
  // What became of one request.
  struct Outcome {
    bool answered = false;
    absl::Status status;
    connection::Connection* connection = nullptr;
    std::unique_ptr<ConnectionPool::Waiter> waiter;
  };

  PoolFixture() : environment_(std::in_place, &loop_), resolver_(std::in_place, &loop_) {
    server_.emplace(&network_, &loop_, address_);
    roster_.emplace(&loop_, &health_, connection::Transport::kTcp,
                    [](const net::ServiceTarget&, const absl::Status&) {});
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
  }

  void MakePool(int max, SelectionPolicy selection = SelectionPolicy::kGrowFirst) {
    limits_.max_connection_count = max;
    limits_.selection = selection;
    Destination destination;
    destination.host = host_;
    destination.port = address_.port;
    pool_ = std::make_unique<ConnectionPool>(*Destination::Normalized(destination), limits_, &loop_,
                                             static_cast<ConnectionPool::Owner*>(this), &random_);
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
  int NumberOf(connection::Connection* connection) {
    return connection == nullptr ? 0 : static_cast<int>(connection->id().value());
  }
  connection::Connection* Numbered(int number) {
    for (const auto& connection : connections_) {
      if (NumberOf(connection.get()) == number) return connection.get();
    }
    return nullptr;
  }

  void ExpectRefused(const Outcome* outcome, absl::StatusCode code, const std::string& reason) {
    ASSERT_TRUE(outcome->answered);
    EXPECT_EQ(outcome->status.code(), code) << outcome->status;
    EXPECT_EQ(ReasonOf(outcome->status), reason) << outcome->status;
    EXPECT_EQ(outcome->connection, nullptr);
  }

  // ConnectionPool::Owner
  std::unique_ptr<connection::Attempt> StartAttempt(ConnectionPool& pool,
                                                    connection::Attempt::Callback done) override {
    return std::make_unique<connection::Attempt>(
        connection::Attempt::Target{.host = pool.destination().host,
                                    .port = pool.destination().port,
                                    .steps = net::ServiceQuery::Steps::kAddresses,
                                    .transport = connection::Transport::kTcp,
                                    .local_address = std::nullopt},
        connection::Attempt::Means{&network_, &*resolver_, &*environment_, &new_id_, &random_,
                                   &*roster_},
        std::make_shared<const connection::ConnectionSettings>(settings_),
        [](std::unique_ptr<net::ByteStream> stream) {
          return connection::DecoratedStream{std::move(stream), nullptr};
        },
        std::move(done));
  }
  connection::Connection* Adopt(ConnectionPool&,
                                std::unique_ptr<connection::Connection> connection) override {
    if (refuse_adoption_) return nullptr;
    connection->SetListener(this);
    connections_.push_back(std::move(connection));
    return connections_.back().get();
  }
  void OnPoolEmpty(ConnectionPool& pool) override {
    EXPECT_TRUE(pool.empty());
    ++empty_count_;
    if (destroy_when_empty_) pool_.reset();
  }

  // connection::Connection::Listener
  void OnEstablished(connection::Connection&) override {}
  void OnMessage(connection::Connection&, const sip::MessageView&) override {}
  void OnMalformed(connection::Connection&, const sip::MessageView&,
                   const sip::ParseVerdict&) override {}
  void OnClosed(connection::Connection& connection, connection::CloseReason reason,
                const absl::Status&) override {
    reasons_[NumberOf(&connection)] = reason;
    in_pool_call_ = true;
    pool_->OnConnectionClosed(&connection);
    in_pool_call_ = false;
    connections_.erase(std::find_if(connections_.begin(), connections_.end(),
                                    [&](const auto& c) { return c.get() == &connection; }));
  }

  fakes::ManualEventLoop loop_;
  fakes::FakeNetwork network_;
  std::optional<connection::ConnectionEnvironment> environment_;
  std::optional<fakes::FakeResolver> resolver_;
  const net::SocketAddress address_{*net::IpAddress::Parse("192.0.2.7"), 5060};
  std::string host_ = "192.0.2.7";
  connection::TargetHealth health_;
  std::optional<connection::TargetRoster> roster_;
  std::optional<fakes::TestListener> server_;
  SeededRandomSource random_{7};
  connection::ConnectionSettings settings_;
  PoolLimits limits_;
  std::unique_ptr<ConnectionPool> pool_;

  std::vector<std::unique_ptr<connection::Connection>> connections_;
  std::map<int, connection::CloseReason> reasons_;  // of closed ones, by number
  std::vector<std::unique_ptr<Outcome>> outcomes_;
  std::function<void(Outcome*)> on_answer_;
  bool refuse_adoption_ = false;
  bool destroy_when_empty_ = false;
  int empty_count_ = 0;

 private:
  static void Note(Outcome* outcome, absl::StatusOr<connection::Connection*> result) {
    outcome->answered = true;
    outcome->status = result.status();
    if (result.ok()) {
      EXPECT_TRUE((*result)->is_usable());
      outcome->connection = *result;
    }
  }

  uint64_t last_id_ = 0;
  absl::AnyInvocable<connection::ConnectionId()> new_id_ = [this] {
    return connection::ConnectionId(0, ++last_id_);
  };
  bool in_pool_call_ = false;
};

}  // namespace sipcm::pool

#endif  // SIPCM_TESTS_CORE_POOL_POOL_FIXTURE_H_
