// Bytes through TlsStream, once its handshake is done: order, back-pressure, ends, and no lost
// wake-ups.

#include "core/tls/tls_stream.h"

#include <memory>
#include <string>

#include "core/base/error.h"
#include "core/base/random_source.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/tls/tls_pair.h"

namespace sipcm::tls {
namespace {

using ::testing::HasSubstr;
using Outcome = net::IoResult::Outcome;

std::string Pattern(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>('a' + i * 7 % 26 + i / 4096 % 5);
  return bytes;
}

fakes::MemoryStreamOptions OfCapacity(size_t capacity) {
  fakes::MemoryStreamOptions options;
  options.capacity = capacity;
  return options;
}

fakes::MemoryStreamOptions InPieces(size_t max_piece, RandomSource* random) {
  fakes::MemoryStreamOptions options;
  options.max_piece = max_piece;
  options.random = random;
  return options;
}

class TlsStreamTest : public ::testing::Test {
 protected:
  ~TlsStreamTest() override {
    pair_.reset();
    loop_.RunUntilIdle();
    EXPECT_EQ(loop_.armed_alarm_count(), 0u);
    EXPECT_EQ(gate_.waiting_count(), 0u);
  }

  // Handshakes; fails the test unless both sides are ready.
  TlsPair& Connect(const fakes::MemoryStreamOptions& options = {}) {
    pair_ = std::make_unique<TlsPair>(&loop_, &gate_, sides_, options);
    pair_->Start();
    loop_.AdvanceBy(absl::Seconds(1));
    EXPECT_TRUE(pair_->client->ready) << pair_->client->failure;
    EXPECT_TRUE(pair_->server->ready) << pair_->server->failure;
    return *pair_;
  }

  fakes::ManualEventLoop loop_;
  HandshakeGate gate_{&loop_};
  TlsSides sides_;
  std::unique_ptr<TlsPair> pair_;
};

TEST_F(TlsStreamTest, CarriesBytesBothWays) {
  TlsPair& pair = Connect();
  pair.client->Send("OPTIONS sip:a SIP/2.0\r\n\r\n");
  pair.server->Send("SIP/2.0 200 OK\r\n\r\n");
  loop_.RunUntilIdle();
  EXPECT_EQ(pair.server->received, "OPTIONS sip:a SIP/2.0\r\n\r\n");
  EXPECT_EQ(pair.client->received, "SIP/2.0 200 OK\r\n\r\n");
  EXPECT_EQ(pair.server_tls->remote_address().ToString(), "192.0.2.1:40000");
  EXPECT_EQ(pair.server_tls->local_address().ToString(), "192.0.2.7:5061");
}

TEST_F(TlsStreamTest, CarriesDataThatCameTogetherWithTheEndOfTheHandshake) {
  pair_ = std::make_unique<TlsPair>(&loop_, &gate_, sides_);
  pair_->client->Send("first");
  pair_->Start();
  loop_.RunUntilIdle();
  EXPECT_EQ(pair_->server->received, "first");
}

TEST_F(TlsStreamTest, CarriesLargeDataAgainstBackPressure) {
  TlsPair& pair = Connect(OfCapacity(20'000));
  const std::string bytes = Pattern(1'000'000);
  pair.client->Send(bytes);
  loop_.RunUntilIdle();
  EXPECT_EQ(pair.server->received, bytes);
  EXPECT_GT(pair.client->blocked_writes, 10);
  EXPECT_EQ(pair.client->unsent(), 0u);
}

TEST_F(TlsStreamTest, AWriteThatWouldBlockTakesNothingAndTellsWhenToGoOn) {
  TlsPair& pair = Connect(OfCapacity(1000));
  pair.server->read_when_readable = false;
  pair.server->stream()->SetReading(false);
  pair.client->Send(Pattern(100'000));
  loop_.RunUntilIdle();
  // One record was taken; what the inner stream did not take of it is kept, and no more comes in.
  EXPECT_EQ(pair.client->unsent(), 100'000u - 16'384u);
  EXPECT_EQ(pair.client->stream()->Write("x").outcome, Outcome::kWouldBlock);
  pair.server->read_when_readable = true;
  pair.server->stream()->SetReading(true);
  loop_.RunUntilIdle();
  EXPECT_EQ(pair.server->received, Pattern(100'000));
}

TEST_F(TlsStreamTest, WorksOneByteAtATime) {
  SeededRandomSource random(1);
  TlsPair& pair = Connect(InPieces(1, &random));
  pair.client->Send(Pattern(5000));
  pair.server->Send(Pattern(3000));
  loop_.RunUntilIdle();
  EXPECT_EQ(pair.server->received, Pattern(5000));
  EXPECT_EQ(pair.client->received, Pattern(3000));
}

TEST_F(TlsStreamTest, WorksInAnyPiecesWithDelaysAndBlockedWrites) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SeededRandomSource random(seed);
    SCOPED_TRACE(seed);
    fakes::MemoryStreamOptions options = InPieces(700, &random);
    options.capacity = 3000;
    options.max_delay = absl::Milliseconds(3);
    options.block_probability = 0.3;
    TlsPair& pair = Connect(options);
    pair.server->read_size = 1 + seed * 37;
    pair.client->Send(Pattern(40'000));
    pair.server->Send(Pattern(20'000));
    loop_.AdvanceBy(absl::Minutes(1));
    ASSERT_EQ(pair.server->received, Pattern(40'000));
    ASSERT_EQ(pair.client->received, Pattern(20'000));
    pair.client->stream()->CloseWrite();
    loop_.AdvanceBy(absl::Seconds(1));
    ASSERT_TRUE(pair.server->ended);
    pair_.reset();
  }
}

TEST_F(TlsStreamTest, AnOwnerThatReadsLittleIsToldAgain) {
  TlsPair& pair = Connect();
  pair.server->read_size = 10;
  pair.client->Send(Pattern(16'000));
  loop_.RunUntilIdle();
  EXPECT_EQ(pair.server->received, Pattern(16'000));
  EXPECT_GE(pair.server->readable_calls, 1600);
}

TEST_F(TlsStreamTest, AnOwnerThatReadsNothingIsToldAgainUntilReadingIsOff) {
  TlsPair& pair = Connect();
  pair.server->read_size = 10;
  pair.client->Send(Pattern(100));
  ASSERT_TRUE(loop_.AdvanceUntil([&] { return pair.server->received.size() >= 10; }));
  pair.server->read_when_readable = false;
  const int calls = pair.server->readable_calls;
  for (int turn = 0; turn < 5; ++turn) loop_.RunTurn();
  EXPECT_EQ(pair.server->readable_calls, calls + 5);
  pair.server->stream()->SetReading(false);
  loop_.RunUntilIdle();
  EXPECT_EQ(pair.server->readable_calls, calls + 5);
  // Nothing new comes from the peer; what waits here is told all the same.
  pair.server->read_when_readable = true;
  pair.server->stream()->SetReading(true);
  loop_.RunUntilIdle();
  EXPECT_EQ(pair.server->received, Pattern(100));
}

TEST_F(TlsStreamTest, HalfARecordIsNotAReasonToBeTold) {
  TlsPair& pair = Connect(OfCapacity(600));
  pair.server->read_size = 10;
  pair.client->Send(Pattern(1000));  // one record, of which the inner stream takes 600 bytes
  loop_.RunUntilIdle();              // would not come to rest if half a record told each turn
  EXPECT_EQ(pair.server->received, Pattern(1000));
}

TEST_F(TlsStreamTest, ReadsEverythingThatWaitsIntoOneBuffer) {
  TlsPair& pair = Connect();
  pair.server->stream()->SetReading(false);
  for (int i = 0; i < 8; ++i) pair.client->Send(Pattern(500));
  loop_.RunUntilIdle();
  pair.server->stream()->SetReading(true);
  ASSERT_TRUE(loop_.AdvanceUntil([&] { return pair.server->readable_calls > 0; }));
  EXPECT_EQ(pair.server->received.size(), 4000u);
}

TEST_F(TlsStreamTest, SmallWritesAreOneRecordAndOneInnerWriteEach) {
  TlsPair& pair = Connect();
  const size_t before = pair.server_inner->incoming_size();
  pair.server->stream()->SetReading(false);
  pair.client->Send(Pattern(500));
  EXPECT_EQ(pair.server_inner->incoming_size() - before, 500u + 22u);
}

TEST_F(TlsStreamTest, CloseNotifyIsAnEndAndWhatCameBeforeItIsReadFirst) {
  TlsPair& pair = Connect();
  pair.client->Send("last words");
  pair.client->stream()->CloseWrite();
  loop_.RunUntilIdle();
  EXPECT_EQ(pair.server->received, "last words");
  EXPECT_TRUE(pair.server->ended);
  EXPECT_TRUE(pair.server_tls->error().ok());
  // The other way stays open.
  pair.server->Send("answer");
  loop_.RunUntilIdle();
  EXPECT_EQ(pair.client->received, "answer");
  EXPECT_EQ(pair.server->ReadOnce().outcome, Outcome::kEnd);
}

TEST_F(TlsStreamTest, CloseNotifyFollowsDataThatIsStillOnItsWay) {
  TlsPair& pair = Connect(OfCapacity(1000));
  pair.server->stream()->SetReading(false);
  pair.client->Send(Pattern(10'000));
  pair.client->stream()->CloseWrite();
  pair.client->stream()->CloseWrite();
  loop_.RunUntilIdle();
  pair.server->stream()->SetReading(true);
  loop_.RunUntilIdle();
  EXPECT_EQ(pair.server->received, Pattern(10'000));
  EXPECT_TRUE(pair.server->ended);
}

TEST_F(TlsStreamTest, AfterAnEndOrAFaultTheOwnerIsNotToldAgain) {
  TlsPair& pair = Connect();
  pair.client->stream()->CloseWrite();  // close_notify, and a FIN that nobody reads
  loop_.RunUntilIdle();                 // would not come to rest if that told each turn
  EXPECT_EQ(pair.server->readable_calls, 1);
  pair.server->stream()->SetReading(true);
  loop_.RunUntilIdle();
  EXPECT_EQ(pair.server->readable_calls, 1);
  const int before = pair.client->readable_calls;
  pair.server->Destroy();
  loop_.RunUntilIdle();
  EXPECT_EQ(ReasonOf(pair.client->broken), "TRUNCATED");
  EXPECT_EQ(pair.client->readable_calls, before + 1);
}

TEST_F(TlsStreamTest, AnAlertAboutInputAfterOurOwnEndIsNotSent) {
  TlsPair& pair = Connect();
  pair.server->stream()->CloseWrite();
  pair.client->Send("late");
  loop_.RunUntilIdle();
  EXPECT_EQ(pair.server->received, "late");
  EXPECT_EQ(pair.client_inner->Write(std::string("\x17\x03\x03\x00\x14", 5) + std::string(20, 'x'))
                .outcome,
            Outcome::kDone);
  loop_.RunUntilIdle();
  EXPECT_EQ(ReasonOf(pair.server->broken), "TLS_PROTOCOL_ERROR");
}

TEST_F(TlsStreamTest, AFaultBehindAWriteThatWasTakenIsTold) {
  TlsPair& pair = Connect(OfCapacity(1000));
  pair.server->stream()->SetReading(false);
  pair.client->Send(Pattern(10'000));  // one record: taken, though most of it is kept
  loop_.RunUntilIdle();
  ASSERT_EQ(pair.client->unsent(), 0u);
  pair.client->read_when_readable = false;
  pair.client->stream()->SetReading(false);
  pair.client_inner->Reset();
  loop_.RunUntilIdle();
  pair.client->read_when_readable = true;
  pair.client->stream()->SetReading(true);
  loop_.RunUntilIdle();
  EXPECT_EQ(ReasonOf(pair.client->broken), "RESET");
}

TEST_F(TlsStreamTest, AnEndWithoutCloseNotifyIsATruncation) {
  TlsPair& pair = Connect();
  pair.client->Send("OPTIONS sip:a SIP/2.0\r\nContent-Length: 5\r\n\r\nab");
  pair.client->Destroy();  // closes the inner stream at once
  loop_.RunUntilIdle();
  EXPECT_THAT(pair.server->received, HasSubstr("ab"));
  EXPECT_FALSE(pair.server->ended);
  EXPECT_EQ(ReasonOf(pair.server->broken), "TRUNCATED");
  EXPECT_EQ(pair.server->ReadOnce().outcome, Outcome::kFailed);
  EXPECT_EQ(pair.server->stream()->Write("x").outcome, Outcome::kFailed);
}

TEST_F(TlsStreamTest, AResetIsTheInnerStreamsOwnReason) {
  TlsPair& pair = Connect();
  pair.client_inner->Reset();
  loop_.RunUntilIdle();
  EXPECT_EQ(ReasonOf(pair.server->broken), "RESET");
  EXPECT_EQ(ReasonOf(pair.client->broken), "RESET");
}

TEST_F(TlsStreamTest, AResetBreaksAWriteThatWaited) {
  TlsPair& pair = Connect(OfCapacity(1000));
  pair.server->stream()->SetReading(false);
  pair.client->stream()->SetReading(false);
  pair.client->Send(Pattern(100'000));
  loop_.RunUntilIdle();
  ASSERT_GT(pair.client->unsent(), 0u);
  pair.client_inner->Reset();
  loop_.RunUntilIdle();
  EXPECT_EQ(ReasonOf(pair.client->broken), "RESET");
}

TEST_F(TlsStreamTest, MayBeDestroyedInsideAnyCallOfItsListener) {
  {
    TlsPair pair(&loop_, &gate_, sides_);
    pair.client->destroy_when_ready = true;
    pair.server->destroy_when_ready = true;
    pair.Start();
    loop_.RunUntilIdle();
    EXPECT_TRUE(pair.client->ready);
    EXPECT_TRUE(pair.client->stream() == nullptr);
  }
  {
    TlsPair pair(&loop_, &gate_, sides_);
    pair.server->destroy_when_read = true;
    pair.server->read_size = 3;  // there is more
    pair.client->Send("hello");
    pair.Start();
    loop_.RunUntilIdle();
    EXPECT_EQ(pair.server->received, "hel");
  }
  sides_.asked_host = "example.net";
  {
    TlsPair pair(&loop_, &gate_, sides_);
    pair.client->destroy_when_failed = true;
    pair.server->destroy_when_failed = true;
    pair.Start();
    loop_.RunUntilIdle();
    EXPECT_TRUE(pair.client->failed);
    EXPECT_TRUE(pair.server->failed);
  }
}

TEST_F(TlsStreamTest, MayBeDestroyedAtAnyTurnOfItsHandshake) {
  for (int turns = 0; turns < 20; ++turns) {
    TlsPair pair(&loop_, &gate_, sides_);
    pair.Start();
    for (int i = 0; i < turns; ++i) loop_.RunTurn();
    (turns % 2 == 0 ? pair.client : pair.server)->Destroy();
    loop_.RunUntilIdle();
  }
}

TEST_F(TlsStreamTest, StartCallsNothingFromInside) {
  TlsPair pair(&loop_, &gate_, sides_);
  pair.Start();
  EXPECT_FALSE(pair.client->ready || pair.client->failed);
  EXPECT_FALSE(pair.server->ready || pair.server->failed);
}

TEST_F(TlsStreamTest, ReadingTurnedOffBeforeReadyHoldsDataBackButNotTheHandshake) {
  TlsPair pair(&loop_, &gate_, sides_);
  pair.client->Send("early");
  pair.Start();
  pair.server->stream()->SetReading(false);
  loop_.RunUntilIdle();
  EXPECT_TRUE(pair.server->ready);
  EXPECT_EQ(pair.server->readable_calls, 0);
  pair.server->stream()->SetReading(true);
  loop_.RunUntilIdle();
  EXPECT_EQ(pair.server->received, "early");
}

TEST_F(TlsStreamTest, AStormOfHandshakesLeavesTurnsToOthers) {
  std::vector<std::unique_ptr<TlsPair>> storm;
  for (int i = 0; i < 20; ++i) {
    storm.push_back(std::make_unique<TlsPair>(&loop_, &gate_, sides_));
    storm.back()->Start();
  }
  int turns = 0;
  const auto ready = [&] {
    int count = 0;
    for (const auto& pair : storm)
      count += (pair->client->ready ? 1 : 0) + (pair->server->ready ? 1 : 0);
    return count;
  };
  for (int before = 0; ready() < 40; ++turns, before = ready()) {
    loop_.RunTurn();
    ASSERT_LE(ready() - before, 2);  // at most two steps, so at most two that get ready
    ASSERT_LT(turns, 1000);
  }
  EXPECT_GE(turns, 40);  // 80 costly steps, two a turn
}

}  // namespace
}  // namespace sipcm::tls
