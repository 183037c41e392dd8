#include "core/connection/bytes/outbox.h"

#include <memory>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "tests/fakes/manual_event_loop.h"
#include "tests/fakes/memory_stream.h"
#include "tests/fakes/test_peer.h"

namespace sipcm::connection {
namespace {

class OutboxTest : public ::testing::Test, private net::ByteStream::Listener {
 protected:
  OutboxTest() {
    fakes::MemoryStreamOptions options;
    options.capacity = 1000;
    auto pair = fakes::MemoryStream::MakePair({&loop_, {}}, {&loop_, {}}, options);
    stream_ = std::move(pair.first);
    peer_ = std::make_unique<fakes::TestPeer>(std::move(pair.second));
    stream_->Start(this);
    stream_->SetReading(false);
  }

  void Append(size_t bytes) { outbox_.tail(environment_)->append(bytes, 'x'); }
  void OnReady() override {}
  void OnReadable() override {}
  void OnWritable() override { outbox_.Unblock(); }
  void OnFailed() override {}

  fakes::ManualEventLoop loop_;
  ConnectionEnvironment environment_{&loop_};
  Outbox outbox_{4000};
  std::unique_ptr<fakes::MemoryStream> stream_;
  std::unique_ptr<fakes::TestPeer> peer_;
};

TEST_F(OutboxTest, ACommitTellsTheSizeOfItsMessage) {
  Append(10);
  Append(5);
  EXPECT_EQ(outbox_.Commit(), 15u);
  Append(7);
  EXPECT_EQ(outbox_.Commit(), 7u);
  EXPECT_EQ(outbox_.size(), 22u);
}

TEST_F(OutboxTest, AnAbandonedMessageLeavesTheCommittedOnes) {
  Append(10);
  outbox_.Commit();
  Append(20);
  outbox_.Abandon();
  EXPECT_EQ(outbox_.size(), 10u);
}

TEST_F(OutboxTest, AppendIsAllOrNothing) {
  EXPECT_TRUE(outbox_.Append(std::string(3000, 'a'), environment_));
  EXPECT_FALSE(outbox_.Append(std::string(1001, 'a'), environment_));
  EXPECT_EQ(outbox_.size(), 3000u);
  EXPECT_TRUE(outbox_.Append(std::string(1000, 'a'), environment_));
}

TEST_F(OutboxTest, OneFlushIsOneWriteAndARestWaitsForTheStream) {
  EXPECT_EQ(outbox_.Flush(*stream_, environment_).outcome, Outbox::Outcome::kNothing);
  Append(2500);
  outbox_.Commit();
  const Outbox::Flushed first = outbox_.Flush(*stream_, environment_);
  EXPECT_EQ(first.outcome, Outbox::Outcome::kMoved);
  EXPECT_EQ(first.bytes, 1000u);
  EXPECT_TRUE(outbox_.is_blocked());
  EXPECT_EQ(outbox_.Flush(*stream_, environment_).outcome, Outbox::Outcome::kNothing);
  Append(8);  // what comes meanwhile counts by itself
  EXPECT_EQ(outbox_.Commit(), 8u);
  loop_.RunUntilIdle();
  EXPECT_FALSE(outbox_.is_blocked());
  EXPECT_EQ(outbox_.Flush(*stream_, environment_).bytes, 1000u);
  loop_.RunUntilIdle();
  const Outbox::Flushed last = outbox_.Flush(*stream_, environment_);
  EXPECT_EQ(last.outcome, Outbox::Outcome::kEmptied);
  EXPECT_EQ(last.bytes, 508u);
}

TEST_F(OutboxTest, AFullStreamIsStuck) {
  peer_->SetReading(false);
  Append(1000);
  outbox_.Commit();
  EXPECT_EQ(outbox_.Flush(*stream_, environment_).outcome, Outbox::Outcome::kEmptied);
  Append(1);
  outbox_.Commit();
  EXPECT_EQ(outbox_.Flush(*stream_, environment_).outcome, Outbox::Outcome::kStuck);
  EXPECT_TRUE(outbox_.is_blocked());
}

TEST_F(OutboxTest, ABrokenStreamFails) {
  stream_->Reset();
  loop_.RunUntilIdle();
  Append(1);
  outbox_.Commit();
  EXPECT_EQ(outbox_.Flush(*stream_, environment_).outcome, Outbox::Outcome::kFailed);
}

TEST_F(OutboxTest, EmptyItHoldsNoMemory) {
  EXPECT_EQ(outbox_.heap_bytes(), 0u);
  Append(500);
  outbox_.Commit();
  EXPECT_GE(outbox_.heap_bytes(), 500u);
  outbox_.Flush(*stream_, environment_);
  EXPECT_EQ(outbox_.heap_bytes(), 0u);
  Append(500);
  outbox_.Clear();
  EXPECT_EQ(outbox_.heap_bytes(), 0u);
}

TEST_F(OutboxTest, BuffersGoRound) {
  Append(500);
  outbox_.Commit();
  const char* const first = outbox_.tail(environment_)->data();
  outbox_.Flush(*stream_, environment_);
  Outbox other(4000);
  EXPECT_EQ(other.tail(environment_)->data(), first);
}

TEST_F(OutboxTest, TheMarksAreAHalfAndAQuarter) {
  Append(2000);
  EXPECT_FALSE(outbox_.is_half_full());
  Append(1);
  EXPECT_TRUE(outbox_.is_half_full());
  outbox_.Clear();
  Append(1000);
  EXPECT_FALSE(outbox_.is_drained());
  outbox_.Clear();
  Append(999);
  EXPECT_TRUE(outbox_.is_drained());
}

}  // namespace
}  // namespace sipcm::connection
