#ifndef SIPCM_TESTS_CORE_POOL_POOL_OWNER_H_
#define SIPCM_TESTS_CORE_POOL_POOL_OWNER_H_

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/random_source.h"
#include "core/connection/attempt.h"
#include "core/connection/connection_environment.h"
#include "core/pool/connection_pool.h"
#include "gtest/gtest.h"
#include "tests/fakes/dns/fake_resolver.h"
#include "tests/fakes/fake_network.h"
#include "tests/fakes/manual_event_loop.h"

namespace sipcm::pool {

// Owns one pool and its connections, as a worker does, in virtual time. Connections are numbered
// from 1 in the order of their attempts.
class PoolOwner : protected ConnectionPool::Owner, protected connection::Connection::Listener {
 protected:
  PoolOwner() : environment_(std::in_place, &loop_), resolver_(std::in_place, &loop_) {
    roster_.emplace(&loop_, &health_, connection::Transport::kTcp,
                    [](const net::ServiceTarget&, const absl::Status&) {});
  }
  ~PoolOwner() = default;

  int NumberOf(connection::Connection* connection) {
    return connection == nullptr ? 0 : static_cast<int>(connection->id().value());
  }
  connection::Connection* Numbered(int number) {
    for (const auto& connection : connections_) {
      if (NumberOf(connection.get()) == number) return connection.get();
    }
    return nullptr;
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
    pool_->OnConnectionClosed(&connection, reason);
    in_pool_call_ = false;
    connections_.erase(std::find_if(connections_.begin(), connections_.end(),
                                    [&](const auto& c) { return c.get() == &connection; }));
  }

  fakes::ManualEventLoop loop_;
  fakes::FakeNetwork network_;
  std::optional<connection::ConnectionEnvironment> environment_;
  std::optional<fakes::FakeResolver> resolver_;
  connection::TargetHealth health_;
  std::optional<connection::TargetRoster> roster_;
  SeededRandomSource random_{7};
  connection::ConnectionSettings settings_;
  std::unique_ptr<ConnectionPool> pool_;
  std::vector<std::unique_ptr<connection::Connection>> connections_;
  std::map<int, connection::CloseReason> reasons_;  // of closed ones, by number
  bool refuse_adoption_ = false;
  bool destroy_when_empty_ = false;
  int empty_count_ = 0;
  bool in_pool_call_ = false;

 private:
  uint64_t last_id_ = 0;
  absl::AnyInvocable<connection::ConnectionId()> new_id_ = [this] {
    return connection::ConnectionId(0, ++last_id_);
  };
};

}  // namespace sipcm::pool

#endif  // SIPCM_TESTS_CORE_POOL_POOL_OWNER_H_
