#ifndef SIPCM_TESTS_CORE_CONNECTION_CONNECTION_FIXTURE_H_
#define SIPCM_TESTS_CORE_CONNECTION_CONNECTION_FIXTURE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/connection/connection.h"
#include "core/connection/connection_environment.h"
#include "gtest/gtest.h"
#include "tests/core/connection/handshaking_stream.h"
#include "tests/fakes/manual_event_loop.h"
#include "tests/fakes/memory_stream.h"
#include "tests/fakes/test_peer.h"

namespace sipcm::connection {

inline std::string Options(int number, absl::string_view body = "") {
  return absl::StrCat(
      "OPTIONS sip:bob@example.com SIP/2.0\r\n", "Via: SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bK",
      number, "\r\n", "Max-Forwards: 70\r\nFrom: <sip:alice@example.com>;tag=1\r\n",
      "To: <sip:bob@example.com>\r\nCall-ID: call-", number, "\r\n", "CSeq: ", number,
      " OPTIONS\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
}

inline std::string Answer(int number) {
  return absl::StrCat(
      "SIP/2.0 200 OK\r\n", "Via: SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bK", number, "\r\n",
      "From: <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>;tag=2\r\n",
      "Call-ID: call-", number, "\r\nCSeq: ", number, " OPTIONS\r\nContent-Length: 0\r\n\r\n");
}

// What OnMessage tells of Options(first) .. Options(last).
inline std::vector<std::string> CallIds(int first, int last) {
  std::vector<std::string> ids;
  for (int i = first; i <= last; ++i) ids.push_back(absl::StrCat("call-", i));
  return ids;
}

// One connection over one end of a memory stream; `peer` plays the other.
class ConnectionFixture : public ::testing::Test, protected Connection::Listener {
 protected:
  ConnectionFixture() : environment_(std::in_place, &loop_) {}

  // Nothing is left: no stream, no alarm.
  ~ConnectionFixture() override {
    connection_.reset();
    peer_.reset();
    environment_.reset();
    EXPECT_EQ(loop_.alarm_count(), 0u);
    EXPECT_TRUE(live_.empty());
  }

  // With `handshake`: over a stream that has to become ready first.
  void Make(Direction direction = Direction::kIncoming,
            const std::optional<HandshakingStream::Plan>& handshake = std::nullopt) {
    const net::SocketAddress ours{*net::IpAddress::Parse("192.0.2.1"), 5060};
    const net::SocketAddress theirs{*net::IpAddress::Parse("192.0.2.7"), 40000};
    fakes::MemoryStream::Pair pair =
        fakes::MemoryStream::MakePair({&loop_, ours}, {&loop_, theirs}, options_, &live_);
    stream_ = pair.first.get();
    peer_ = std::make_unique<fakes::TestPeer>(std::move(pair.second));
    std::unique_ptr<net::ByteStream> stream = std::move(pair.first);
    if (handshake.has_value()) {
      stream = std::make_unique<HandshakingStream>(&loop_, *handshake, std::move(stream));
    }
    connection_ = std::make_unique<Connection>(
        ConnectionId(1, 7), direction, Transport::kTcp, std::move(stream), nullptr,
        std::make_shared<const ConnectionSettings>(settings_), &*environment_);
    connection_->Start(this);
  }
  // And established.
  void Open(Direction direction = Direction::kIncoming) {
    Make(direction);
    loop_.RunUntilIdle();
    ASSERT_TRUE(connection_->is_usable());
  }

  void PeerSends(absl::string_view bytes) {
    peer_->Send(bytes);
    loop_.RunUntilIdle();
  }

  bool closed() const { return reason_.has_value(); }
  // Open until just before `after` from now, closed for `reason` at that edge.
  void ExpectClosesAfter(absl::Duration after, CloseReason reason) {
    loop_.AdvanceBy(after - absl::Nanoseconds(1));
    ASSERT_FALSE(closed()) << "closed early: " << CloseReasonName(*reason_);
    loop_.AdvanceBy(absl::Nanoseconds(1));
    ExpectClosed(reason);
  }
  void ExpectClosed(CloseReason reason) {
    ASSERT_TRUE(closed());
    EXPECT_EQ(CloseReasonName(*reason_), CloseReasonName(reason)) << detail_;
    EXPECT_EQ(live_.size(), 1u) << "our end of the stream is left";
  }

  // Connection::Listener
  void OnEstablished(Connection& connection) override {
    Enter(connection);
    ++established_count_;
    if (on_established_) on_established_();
    in_call_ = false;
  }
  void OnMessage(Connection& connection, const sip::MessageView& message) override {
    Enter(connection);
    calls_.push_back(std::string(message.call_id()));
    bodies_.push_back(std::string(message.body()));
    if (on_message_) on_message_(message);
    in_call_ = false;
  }
  void OnMalformed(Connection& connection, const sip::MessageView&,
                   const sip::ParseVerdict& verdict) override {
    Enter(connection);
    verdicts_.push_back(verdict);
    if (on_malformed_) on_malformed_();
    in_call_ = false;
  }
  void OnClosed(Connection& connection, CloseReason reason, const absl::Status& detail) override {
    Enter(connection);
    EXPECT_FALSE(closed()) << "told twice";
    EXPECT_EQ(connection.state(), ConnectionState::kClosed);
    EXPECT_EQ(connection.remote_address().port, 40000);
    reason_ = reason;
    detail_ = detail;
    in_call_ = false;
    if (destroy_when_closed_) connection_.reset();
  }

  // Runs `action`, a call into the connection: no listener call may come from inside.
  void Call(const std::function<void()>& action) {
    in_owner_call_ = true;
    action();
    in_owner_call_ = false;
  }

  fakes::ManualEventLoop loop_;
  fakes::MemoryStream::LiveStreams live_;
  std::optional<ConnectionEnvironment> environment_;
  ConnectionSettings settings_;
  fakes::MemoryStreamOptions options_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<fakes::TestPeer> peer_;
  fakes::MemoryStream* stream_ = nullptr;

  std::function<void()> on_established_;
  std::function<void(const sip::MessageView&)> on_message_;
  std::function<void()> on_malformed_;
  bool destroy_when_closed_ = true;

  int established_count_ = 0;
  std::vector<std::string> calls_;  // Call-IDs of what OnMessage told
  std::vector<std::string> bodies_;
  std::vector<sip::ParseVerdict> verdicts_;
  std::optional<CloseReason> reason_;
  absl::Status detail_;

 private:
  void Enter(Connection& connection) {
    EXPECT_EQ(&connection, connection_.get());
    EXPECT_FALSE(in_call_) << "a listener call inside another";
    EXPECT_FALSE(in_owner_call_) << "a listener call from inside a call of the owner";
    EXPECT_FALSE(closed()) << "told after OnClosed";
    in_call_ = true;
  }

  bool in_call_ = false;
  bool in_owner_call_ = false;
};

}  // namespace sipcm::connection

#endif  // SIPCM_TESTS_CORE_CONNECTION_CONNECTION_FIXTURE_H_
