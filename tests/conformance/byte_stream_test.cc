// What every plain ByteStream does: a TCP connection, one on the fake network, and one on a fake
// network that is slow and cuts everything into pieces.

#include "core/net/byte_stream.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/base/error.h"
#include "core/base/random_source.h"
#include "core/net/address.h"
#include "core/net/network.h"
#include "tests/conformance/real_time.h"
#include "tests/conformance/virtual_time.h"
#include "tests/fakes/test_listener.h"
#include "tests/fakes/test_peer.h"

namespace sipcm::conformance {
namespace {

using fakes::TestListener;
using fakes::TestPeer;
using Outcome = net::IoResult::Outcome;
using StreamOr = absl::StatusOr<std::unique_ptr<net::ByteStream>>;

std::string RandomBytes(size_t size) {
  SeededRandomSource random(11);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.Next());
  return bytes;
}

// One connection: `client_` is ours, `server()` what was accepted.
template <typename Time>
class ByteStreamTest : public testing::Test {
 protected:
  void SetUp() override {
    std::optional<StreamOr> answer;
    auto attempt = time_.network()->Connect(time_.loop(), listener_.address(), std::nullopt,
                                            [&](StreamOr result) { answer = std::move(result); });
    ASSERT_TRUE(
        time_.RunUntil([&] { return answer.has_value() && listener_.peers().size() == 1; }));
    ASSERT_TRUE(answer->ok()) << answer->status();
    client_stream_ = **std::move(answer);
  }
  TestPeer* server() { return listener_.peers()[0].get(); }
  // Plays the client with a TestPeer.
  void StartClient() { client_ = std::make_unique<TestPeer>(std::move(client_stream_)); }

  Time time_;
  TestListener listener_{time_.network(), time_.loop(), *net::SocketAddress::Parse("127.0.0.1:0")};
  std::unique_ptr<net::ByteStream> client_stream_;
  std::unique_ptr<TestPeer> client_;
};

class TimeNames {
 public:
  template <typename Time>
  static std::string GetName(int) {
    if (std::is_same_v<Time, RealTime>) return "TcpStream";
    return std::is_same_v<Time, VirtualTime> ? "MemoryStream" : "RaggedMemoryStream";
  }
};

using Times = testing::Types<RealTime, VirtualTime, RaggedVirtualTime>;
TYPED_TEST_SUITE(ByteStreamTest, Times, TimeNames);

// Logs what it is told, and does what a test says.
class LoggingListener final : public net::ByteStream::Listener {
 public:
  void OnReady() override { log.push_back("ready"); }
  void OnReadable() override {
    ++readable_calls;
    if (on_readable) on_readable();
  }
  void OnWritable() override {
    ++writable_calls;
    if (on_writable) on_writable();
  }
  void OnFailed() override { log.push_back("failed"); }

  std::vector<std::string> log;
  int readable_calls = 0;
  int writable_calls = 0;
  std::function<void()> on_readable;
  std::function<void()> on_writable;
};

TYPED_TEST(ByteStreamTest, IsReadyAtOnceAndDoesNotTellIt) {
  LoggingListener listener;
  EXPECT_TRUE(this->client_stream_->is_ready());
  this->client_stream_->Start(&listener);
  this->time_.RunFor(absl::Milliseconds(5));
  EXPECT_TRUE(listener.log.empty());
  EXPECT_EQ(listener.readable_calls, 0);
  EXPECT_EQ(listener.writable_calls, 0);
}

TYPED_TEST(ByteStreamTest, EndComesAfterAllBytesAndStaysAndIsNotToldForEver) {
  this->StartClient();
  const std::string bytes = RandomBytes(10'000);
  this->client_->Send(bytes);
  this->client_->CloseWrite();
  ASSERT_TRUE(this->time_.RunUntil([&] { return this->server()->has_ended(); }));
  EXPECT_EQ(this->server()->received(), bytes);
  EXPECT_FALSE(this->server()->has_failed());
  const int calls = this->server()->readable_calls();
  this->time_.RunFor(absl::Milliseconds(5));
  EXPECT_EQ(this->server()->readable_calls(), calls);
  char byte;
  EXPECT_EQ(this->server()->stream()->Read(absl::MakeSpan(&byte, 1)).outcome, Outcome::kEnd);
}

TYPED_TEST(ByteStreamTest, WhatIsWrittenBeforeMoreArrivesBeforeIt) {
  LoggingListener listener;
  net::ByteStream& stream = *this->client_stream_;
  stream.Start(&listener);
  const auto is_done = [](const net::IoResult& result) { return result.outcome == Outcome::kDone; };
  ASSERT_TRUE(this->time_.RunUntil([&] { return is_done(stream.WriteBeforeMore("a")); }));
  ASSERT_TRUE(this->time_.RunUntil([&] { return is_done(stream.Write("b")); }));
  ASSERT_TRUE(this->time_.RunUntil([&] { return this->server()->received() == "ab"; }));
}

TYPED_TEST(ByteStreamTest, WhatIsWrittenBeforeMoreArrivesThoughNoMoreComes) {
  LoggingListener listener;
  this->client_stream_->Start(&listener);
  ASSERT_TRUE(this->time_.RunUntil(
      [&] { return this->client_stream_->WriteBeforeMore("a").outcome == Outcome::kDone; }));
  ASSERT_TRUE(this->time_.RunUntil([&] { return this->server()->received() == "a"; }));
}

TYPED_TEST(ByteStreamTest, AfterHalfCloseTheOtherDirectionStillFlows) {
  this->StartClient();
  this->client_->CloseWrite();
  ASSERT_TRUE(this->time_.RunUntil([&] { return this->server()->has_ended(); }));
  this->server()->Send("answer");
  this->server()->CloseWrite();
  ASSERT_TRUE(this->time_.RunUntil([&] { return this->client_->has_ended(); }));
  EXPECT_EQ(this->client_->received(), "answer");
}

TYPED_TEST(ByteStreamTest, DestroyedStreamEndsTheOtherInOrder) {
  this->StartClient();
  this->server()->Send("bye");
  ASSERT_TRUE(this->time_.RunUntil([&] { return this->server()->unsent_size() == 0; }));
  this->server()->Close();
  ASSERT_TRUE(this->time_.RunUntil([&] { return this->client_->is_over(); }));
  EXPECT_TRUE(this->client_->has_ended());
  EXPECT_EQ(this->client_->received(), "bye");
}

TYPED_TEST(ByteStreamTest, DestroyedStreamWithUnreadInputResetsTheOther) {
  this->StartClient();
  LoggingListener never_reads;
  this->server()->SetReading(false);
  this->client_->Send("unread");
  this->time_.RunFor(absl::Milliseconds(50));
  this->server()->Close();
  ASSERT_TRUE(this->time_.RunUntil([&] { return this->client_->is_over(); }));
  EXPECT_EQ(ReasonOf(this->client_->error()), "RESET");
  EXPECT_EQ(this->client_->error().code(), absl::StatusCode::kUnavailable);
}

TYPED_TEST(ByteStreamTest, WritingToADestroyedStreamFailsSoonWithReset) {
  LoggingListener listener;
  this->client_stream_->Start(&listener);
  this->client_stream_->SetReading(false);  // so that only Write can tell
  this->server()->Close();
  // The first may still go out; its answer is the RST.
  Outcome last = Outcome::kDone;
  for (int i = 0; i < 3 && last != Outcome::kFailed; ++i) {
    this->time_.RunFor(absl::Milliseconds(60));
    do {
      last = this->client_stream_->Write("x").outcome;
    } while (last == Outcome::kWouldBlock);
  }
  ASSERT_EQ(last, Outcome::kFailed);
  EXPECT_EQ(ReasonOf(this->client_stream_->error()), "RESET");
  char byte;
  EXPECT_EQ(this->client_stream_->Read(absl::MakeSpan(&byte, 1)).outcome, Outcome::kFailed);
}

TYPED_TEST(ByteStreamTest, PeerThatDoesNotReadBlocksTheWriterUntilItReads) {
  this->StartClient();
  this->server()->SetReading(false);
  const std::string bytes = RandomBytes(16 * 1024 * 1024);
  this->client_->Send(bytes);
  this->time_.RunFor(absl::Milliseconds(20));
  EXPECT_GT(this->client_->unsent_size(), 0u);  // bounded by the stream's own buffers
  EXPECT_TRUE(this->server()->received().empty());
}

TYPED_TEST(ByteStreamTest, AllBytesArriveInOrderThroughBackPressure) {
  this->StartClient();
  this->server()->SetReading(false);
  const std::string bytes = RandomBytes(std::is_same_v<TypeParam, RealTime> ? 8'000'000 : 300'000);
  this->client_->Send(bytes);
  this->time_.RunFor(absl::Milliseconds(20));
  this->server()->SetReading(true);
  ASSERT_TRUE(
      this->time_.RunUntil([&] { return this->server()->received().size() == bytes.size(); }));
  EXPECT_EQ(this->server()->received(), bytes);
  EXPECT_EQ(this->client_->unsent_size(), 0u);
}

TYPED_TEST(ByteStreamTest, BothWaysAtOnceThroughBackPressure) {
  this->StartClient();
  const std::string bytes = RandomBytes(std::is_same_v<TypeParam, RealTime> ? 3'000'000 : 150'000);
  this->client_->Send(bytes);
  this->server()->Send(bytes);
  this->client_->CloseWrite();
  this->server()->CloseWrite();
  ASSERT_TRUE(this->time_.RunUntil(
      [&] { return this->server()->has_ended() && this->client_->has_ended(); }));
  EXPECT_EQ(this->server()->received(), bytes);
  EXPECT_EQ(this->client_->received(), bytes);
}

TYPED_TEST(ByteStreamTest, ReadableIsToldAgainUntilAllIsRead) {
  LoggingListener listener;
  std::string got;
  listener.on_readable = [&] {
    char byte;
    const net::IoResult result = this->client_stream_->Read(absl::MakeSpan(&byte, 1));
    if (result.outcome == Outcome::kDone) got += byte;
  };
  this->client_stream_->Start(&listener);
  this->server()->Send("one byte at a time");
  ASSERT_TRUE(this->time_.RunUntil([&] { return got == "one byte at a time"; }));
  const int calls = listener.readable_calls;
  this->time_.RunFor(absl::Milliseconds(5));
  EXPECT_EQ(listener.readable_calls, calls);
}

TYPED_TEST(ByteStreamTest, NothingIsToldWhileReadingIsOff) {
  LoggingListener listener;
  std::string got;
  listener.on_readable = [&] {
    char buffer[100];
    const net::IoResult result = this->client_stream_->Read(absl::MakeSpan(buffer));
    got.append(buffer, result.bytes);
  };
  this->client_stream_->SetReading(false);  // before Start too
  this->client_stream_->Start(&listener);
  this->server()->Send("kept");
  this->time_.RunFor(absl::Milliseconds(50));
  EXPECT_EQ(listener.readable_calls, 0);
  this->client_stream_->SetReading(true);
  EXPECT_EQ(listener.readable_calls, 0) << "told from inside SetReading";
  ASSERT_TRUE(this->time_.RunUntil([&] { return got == "kept"; }));
}

TYPED_TEST(ByteStreamTest, ListenerMayDestroyTheStreamFromInsideOnReadable) {
  LoggingListener listener;
  listener.on_readable = [&] { this->client_stream_ = nullptr; };
  this->client_stream_->Start(&listener);
  this->server()->Send("x");
  ASSERT_TRUE(this->time_.RunUntil([&] { return this->server()->is_over(); }));
  EXPECT_EQ(listener.readable_calls, 1);
}

TYPED_TEST(ByteStreamTest, ListenerMayDestroyTheStreamFromInsideOnWritable) {
  LoggingListener listener;
  listener.on_writable = [&] { this->client_stream_ = nullptr; };
  this->client_stream_->Start(&listener);
  this->server()->SetReading(false);
  const std::string chunk(256 * 1024, 'x');
  while (this->client_stream_->Write(chunk).outcome == Outcome::kDone) {
  }
  this->time_.RunFor(absl::Milliseconds(2));
  this->server()->SetReading(true);
  ASSERT_TRUE(this->time_.RunUntil([&] { return this->server()->is_over(); }));
  EXPECT_EQ(listener.writable_calls, 1);
}

TYPED_TEST(ByteStreamTest, DestroyedStreamTellsNothingAnyMore) {
  LoggingListener listener;
  this->client_stream_->Start(&listener);
  this->server()->Send("x");
  this->client_stream_ = nullptr;
  this->time_.RunFor(absl::Milliseconds(40));
  EXPECT_EQ(listener.readable_calls, 0);
  EXPECT_TRUE(listener.log.empty());
}

}  // namespace
}  // namespace sipcm::conformance
