// A message costs no allocation (performance.md, design 10), and an idle connection little memory.
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "core/connection/connection.h"
#include "core/connection/connection_environment.h"
#include "gtest/gtest.h"
#include "tests/benchmark/allocation_count.h"
#include "tests/fakes/manual_event_loop.h"

namespace sipcm::connection {
namespace {

// Gives the same bytes with each Read and takes whatever is written.
class EndlessStream final : public net::ByteStream {
 public:
  explicit EndlessStream(absl::string_view input) : input_(input) {}

  void Start(Listener* listener) override { listener_ = listener; }
  bool is_ready() const override { return true; }
  net::IoResult Read(absl::Span<char> into) override {
    std::memcpy(into.data(), input_.data(), input_.size());
    return {net::IoResult::Outcome::kDone, input_.size()};
  }
  net::IoResult Write(absl::string_view bytes) override {
    written_ += bytes.size();
    return {net::IoResult::Outcome::kDone, bytes.size()};
  }
  void SetReading(bool) override {}
  void CloseWrite() override {}
  absl::Status error() const override { return absl::OkStatus(); }
  const net::SocketAddress& local_address() const override { return address_; }
  const net::SocketAddress& remote_address() const override { return address_; }

  void Tell() { listener_->OnReadable(); }
  size_t written() const { return written_; }

 private:
  const absl::string_view input_;
  const net::SocketAddress address_;
  Listener* listener_ = nullptr;
  size_t written_ = 0;
};

constexpr absl::string_view kOptions =
    "OPTIONS sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\n"
    "Max-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: 1\r\n"
    "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";

class ConnectionAllocationTest : public ::testing::Test, protected ConnectionListener {
 protected:
  std::unique_ptr<Connection> Open(std::unique_ptr<net::ByteStream> stream) {
    auto connection =
        std::make_unique<Connection>(ConnectionId(0, 1), Direction::kIncoming, Transport::kTcp,
                                     std::move(stream), nullptr, settings_, &environment_);
    connection->Start(this);
    loop_.RunTurn();
    return connection;
  }
  // One readable event and its turn.
  void Turn(EndlessStream* stream) {
    stream->Tell();
    loop_.RunTurn();
  }

  void OnEstablished(Connection&) override {}
  void OnMessage(Connection& connection, const sip::MessageView&) override {
    ++messages_;
    connection.tail()->append(answer_bytes_, 'x');
    connection.Commit();
  }
  void OnMalformed(Connection&, const sip::MessageView&, const sip::ParseVerdict&) override {}
  void OnClosed(Connection&, CloseReason, const absl::Status&) override {}

  fakes::ManualEventLoop loop_;
  ConnectionEnvironment environment_{&loop_};
  const std::shared_ptr<const ConnectionSettings> settings_ =
      std::make_shared<const ConnectionSettings>();
  int messages_ = 0;
  size_t answer_bytes_ = 500;
};

TEST_F(ConnectionAllocationTest, AnsweredMessagesCostNoAllocation) {
  std::string input;
  for (int i = 0; i < 8; ++i) input.append(kOptions.data(), kOptions.size());
  auto stream = std::make_unique<EndlessStream>(input);
  EndlessStream* const raw = stream.get();
  const std::unique_ptr<Connection> connection = Open(std::move(stream));
  for (int i = 0; i < 10; ++i) Turn(raw);  // reaches the steady state
  const uint64_t before = AllocationCount();
  for (int i = 0; i < 1000; ++i) Turn(raw);
  EXPECT_EQ(AllocationCount() - before, 0u);
  EXPECT_EQ(messages_, 1010 * 8);
  EXPECT_EQ(raw->written(), 1010u * 8 * 500);
}

// performance.md P8: with the TCP stream under 1 KB.
TEST_F(ConnectionAllocationTest, AnIdleConnectionIsTwoSmallObjects) {
  // What the loop and the environment keep for all.
  const std::unique_ptr<Connection> first = Open(std::make_unique<EndlessStream>(kOptions));
  auto stream = std::make_unique<EndlessStream>(kOptions);
  EndlessStream* const raw = stream.get();
  const uint64_t before = AllocationCount();
  const std::unique_ptr<Connection> connection = Open(std::move(stream));
  EXPECT_LE(AllocationCount() - before, 3u);  // itself, its alarm, perhaps the loop's list of them
  EXPECT_LE(sizeof(Connection), 512u);
  Turn(raw);
  EXPECT_EQ(messages_, 1);
  EXPECT_EQ(connection->buffer_bytes(), 0u);
}

}  // namespace
}  // namespace sipcm::connection
