// Reading and writing; how it ends is in connection_ending_test.cc, timers in
// connection_lifetime_test.cc.
#include "core/base/error.h"
#include "tests/core/connection/connection_fixture.h"

namespace sipcm::connection {
namespace {

using ConnectionTest = ConnectionFixture;

// ---- Reading ----

TEST_F(ConnectionTest, ManyMessagesInOneWriteAreDeliveredOnceAndInOrder) {
  Open();
  std::string all;
  for (int i = 1; i <= 500; ++i) all += Options(i, "hello");
  PeerSends(all);
  EXPECT_EQ(calls_, CallIds(1, 500));
  EXPECT_EQ(connection_->counters().messages_in, 500u);
  EXPECT_EQ(connection_->counters().bytes_in, all.size());
}

TEST_F(ConnectionTest, CutsAnywhereGiveTheSameMessages) {
  for (size_t piece : {1, 2, 3, 7, 64, 333}) {
    Open();
    calls_.clear();
    std::string all;
    for (int i = 1; i <= 5; ++i) all += "\r\n\r\n" + Options(i, "v=0\r\n\r\nx");
    for (size_t at = 0; at < all.size(); at += piece) PeerSends(all.substr(at, piece));
    EXPECT_EQ(calls_, CallIds(1, 5)) << piece;
    EXPECT_EQ(peer_->received(), "\r\n\r\n\r\n\r\n\r\n") << piece;
    ASSERT_FALSE(closed());
  }
}

TEST_F(ConnectionTest, ALargeBodyInSmallPiecesIsDeliveredWhole) {
  Open();
  const std::string body(1 << 20, 'b');
  const std::string message = Options(1, body) + Options(2);
  for (size_t at = 0; at < message.size(); at += 1000) PeerSends(message.substr(at, 1000));
  ASSERT_EQ(calls_, CallIds(1, 2));
  EXPECT_EQ(bodies_[0], body);
}

TEST_F(ConnectionTest, OneReadPerTurnSoThatABusyPeerHoldsNobodyUp) {
  options_.capacity = 1 << 20;
  Open();
  std::string all;
  for (int i = 1; all.size() < 3 * ConnectionEnvironment::kReadBufferBytes; ++i) all += Options(i);
  peer_->Send(all);
  loop_.RunTurn();
  EXPECT_LE(connection_->counters().bytes_in, ConnectionEnvironment::kReadBufferBytes);
  loop_.RunUntilIdle();
  EXPECT_EQ(connection_->counters().bytes_in, all.size());
}

TEST_F(ConnectionTest, AMalformedMessageIsToldAndTheNextOneRead) {
  Open();
  std::string bad = Options(1);
  bad.replace(bad.find("70"), 2, "xx");
  PeerSends(bad + Options(2));
  ASSERT_EQ(verdicts_.size(), 1u);
  EXPECT_EQ(verdicts_[0].status_code, 400);
  EXPECT_TRUE(verdicts_[0].answerable);
  EXPECT_EQ(verdicts_[0].field, "Max-Forwards");
  EXPECT_EQ(calls_, CallIds(2, 2));
}

TEST_F(ConnectionTest, AMessageThatAnotherReaderMayTakeDifferentlyEndsTheConnection) {
  Open();
  std::string bad = Options(1);
  bad.replace(bad.find("CSeq: 1"), 7, "CSeq: x");
  PeerSends(bad + Options(2));
  EXPECT_EQ(verdicts_.size(), 1u);
  EXPECT_TRUE(calls_.empty());
  ExpectClosed(CloseReason::kProtocolError);
}

TEST_F(ConnectionTest, LostFramingIsAnsweredThenClosedAndNothingAfterItIsRead) {
  Open();
  std::string bad = Options(1);
  bad.replace(bad.find("Content-Length: 0"), 17, "Content-Length: x");
  on_malformed_ = [this] { connection_->Send("SIP/2.0 400 Bad Request\r\n\r\n"); };
  PeerSends(Options(1) + bad + Options(2));
  EXPECT_EQ(calls_, CallIds(1, 1));
  ASSERT_EQ(verdicts_.size(), 1u);
  EXPECT_TRUE(verdicts_[0].answerable);
  EXPECT_EQ(verdicts_[0].status_code, 400);
  EXPECT_EQ(verdicts_[0].field, "Content-Length");
  EXPECT_EQ(peer_->received(), "SIP/2.0 400 Bad Request\r\n\r\n");
  EXPECT_TRUE(peer_->has_ended());
  EXPECT_EQ(connection_->state(), ConnectionState::kDraining);
  PeerSends(Options(3));  // still under way: discarded, so that no RST overtakes the answer
  EXPECT_EQ(calls_, CallIds(1, 1));
  ExpectClosesAfter(Ending::kLingerTime, CloseReason::kProtocolError);
  EXPECT_FALSE(peer_->has_failed());
}

TEST_F(ConnectionTest, AfterLostFramingThePeersEndClosesAtOnce) {
  Open();
  std::string bad = Options(1);
  bad.replace(bad.find("Content-Length: 0"), 17, "Content-Length: 1,1");
  on_malformed_ = [this] { connection_->Send("SIP/2.0 400 Bad Request\r\n\r\n"); };
  PeerSends(bad);
  ASSERT_FALSE(closed());
  peer_->CloseWrite();
  loop_.RunUntilIdle();
  ExpectClosed(CloseReason::kProtocolError);
}

TEST_F(ConnectionTest, WhatComesTooLateForALostConnectionIsDropped) {
  Open();
  std::string bad = Options(2);
  bad.replace(bad.find("Content-Length: 0"), 17, "Content-Length: x");
  on_malformed_ = [this] { connection_->Send("SIP/2.0 400 Bad Request\r\n\r\n"); };
  on_message_ = [this](const sip::MessageView&) { connection_->AddTransaction(); };
  PeerSends(Options(1) + bad);
  EXPECT_TRUE(peer_->has_ended());
  EXPECT_FALSE(connection_->can_send());
  Call([this] { connection_->Send(Answer(1)); });
  connection_->RemoveTransaction();
  loop_.RunUntilIdle();
  EXPECT_EQ(peer_->received(), "SIP/2.0 400 Bad Request\r\n\r\n");
  ExpectClosesAfter(Ending::kLingerTime, CloseReason::kProtocolError);
}

TEST_F(ConnectionTest, TooLargeIsALimitAndIsRefusedBeforeItIsRead) {
  settings_.framer.max_body_bytes = 1000;
  Open();
  std::string message = Options(1);
  message.replace(message.find("Content-Length: 0"), 17, "Content-Length: 1001");
  PeerSends(message);
  ASSERT_EQ(verdicts_.size(), 1u);
  EXPECT_EQ(verdicts_[0].status_code, 413);
  ExpectClosed(CloseReason::kLimit);
  EXPECT_FALSE(detail_.ok());
}

TEST_F(ConnectionTest, GarbageClosesAtOnceWithoutAnAnswer) {
  for (const std::string& garbage : {std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
                                     std::string("\x16\x03\x01\x02\x00\x01", 6),
                                     std::string("\0\0\0\0", 4), std::string("hello\r\n")}) {
    Open();
    PeerSends(garbage);
    ExpectClosed(CloseReason::kProtocolError);
    EXPECT_TRUE(verdicts_.empty());
    EXPECT_EQ(peer_->received(), "");
    reason_.reset();
    peer_.reset();
  }
}

TEST_F(ConnectionTest, WhilePausedNothingIsReadFramedOrDelivered) {
  Open();
  on_message_ = [this](const sip::MessageView&) { connection_->SetReading(false); };
  PeerSends(Options(1) + Options(2) + Options(3).substr(0, 30));
  EXPECT_EQ(calls_, CallIds(1, 1));
  PeerSends(Options(3).substr(30) + Options(4));
  EXPECT_EQ(calls_, CallIds(1, 1));
  Call([this] { connection_->SetReading(true); });
  EXPECT_EQ(calls_, CallIds(1, 1));  // in a turn of its own
  loop_.RunUntilIdle();
  EXPECT_EQ(calls_, CallIds(1, 2));
  on_message_ = nullptr;
  Call([this] { connection_->SetReading(true); });
  loop_.RunUntilIdle();
  EXPECT_EQ(calls_, CallIds(1, 4));
}

TEST_F(ConnectionTest, PausedAndResumedInOneCallGoesOn) {
  Open();
  on_message_ = [this](const sip::MessageView&) {
    connection_->SetReading(false);
    connection_->SetReading(true);
  };
  PeerSends(Options(1) + Options(2) + Options(3));
  EXPECT_EQ(calls_, CallIds(1, 3));
}

TEST_F(ConnectionTest, ClosedInTheMiddleOfABurstTheRestIsNobodys) {
  Open();
  on_message_ = [this](const sip::MessageView&) {
    connection_->Close(CloseReason::kAdmin);
    EXPECT_FALSE(closed());
  };
  PeerSends(Options(1) + Options(2));
  EXPECT_EQ(calls_, CallIds(1, 1));
  ExpectClosed(CloseReason::kAdmin);
}

TEST_F(ConnectionTest, ANewListenerHearsWhatComesNext) {
  Open();
  on_message_ = [this](const sip::MessageView&) { connection_->SetListener(this); };
  PeerSends(Options(1) + Options(2));
  EXPECT_EQ(calls_, CallIds(1, 2));
}

// ---- Writing ----

TEST_F(ConnectionTest, WhatOneTurnCommitsGoesOutAtItsEnd) {
  Open();
  on_message_ = [this](const sip::MessageView&) {
    *connection_->tail() += "one ";
    *connection_->tail() += "message ";
    connection_->Commit();
    connection_->Send("another");
  };
  PeerSends(Options(1));
  EXPECT_EQ(peer_->received(), "one message another");
  EXPECT_EQ(peer_->readable_calls(), 1);
  EXPECT_EQ(connection_->counters().messages_out, 2u);
  EXPECT_EQ(connection_->counters().bytes_out, 19u);
  EXPECT_EQ(connection_->last_send_time(), loop_.Now());
}

TEST_F(ConnectionTest, PartialWritesLoseNothing) {
  options_.capacity = 700;
  SeededRandomSource random(5);
  options_.random = &random;
  options_.max_piece = 333;
  options_.block_probability = 0.2;
  Open();
  std::string all;
  for (int i = 0; i < 300; ++i) {
    const std::string message = Answer(i);
    all += message;
    connection_->Send(message);
  }
  ASSERT_TRUE(loop_.AdvanceUntil([&] { return peer_->received().size() == all.size(); }));
  EXPECT_EQ(peer_->received(), all);
  EXPECT_EQ(connection_->queued_bytes(), 0u);
}

TEST_F(ConnectionTest, AboveHalfOfTheQueueReadingPausesUntilBelowAQuarter) {
  options_.capacity = 1000;
  settings_.max_write_queue_bytes = 8000;
  Open();
  peer_->SetReading(false);
  on_message_ = [this](const sip::MessageView&) { connection_->Send(std::string(600, 'a')); };
  for (int i = 1; i <= 30; ++i) PeerSends(Options(i));
  ASSERT_FALSE(closed());
  const size_t before = calls_.size();
  EXPECT_LT(before, 12u);
  EXPECT_GT(connection_->queued_bytes(), 4000u);
  EXPECT_LE(connection_->queued_bytes(), 4600u);
  peer_->SetReading(true);
  loop_.RunUntilIdle();
  EXPECT_EQ(calls_, CallIds(1, 30));
  EXPECT_EQ(peer_->received().size(), 30u * 600);
}

TEST_F(ConnectionTest, PassingTheQueuesMaximumCloses) {
  options_.capacity = 1000;
  settings_.max_write_queue_bytes = 8000;
  Open();
  peer_->SetReading(false);
  for (int i = 0; i < 9; ++i) connection_->Send(std::string(1000, 'a'));
  loop_.RunUntilIdle();
  ASSERT_FALSE(closed());  // one went out
  Call([this] { connection_->Send("b"); });
  EXPECT_EQ(connection_->state(), ConnectionState::kClosed);
  Call([this] { connection_->Send("dropped"); });
  loop_.RunUntilIdle();
  ExpectClosed(CloseReason::kLimit);
  EXPECT_EQ(detail_.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(detail_), "WRITE_QUEUE_FULL");
}

TEST_F(ConnectionTest, ABusyTurnOfAReadingPeerDoesNotPassTheMaximum) {
  settings_.max_write_queue_bytes = 8000;
  Open();
  for (int i = 0; i < 60; ++i) connection_->Send(std::string(1000, 'a'));
  loop_.RunUntilIdle();
  EXPECT_FALSE(closed());
  EXPECT_EQ(peer_->received().size(), 60000u);
}

TEST_F(ConnectionTest, ASingleMessageLargerThanTheQueueGoesOut) {
  settings_.max_write_queue_bytes = 8000;
  Open();
  const std::string large = Options(1, std::string(200000, 'x'));
  connection_->Send(large);
  loop_.RunUntilIdle();
  EXPECT_FALSE(closed());
  EXPECT_EQ(peer_->received(), large);
}

TEST_F(ConnectionTest, AnIdleConnectionHoldsNoBuffers) {
  Open();
  on_message_ = [this](const sip::MessageView&) { connection_->Send(Answer(1)); };
  const std::string message = Options(1);
  PeerSends(message.substr(0, 100));
  EXPECT_GT(connection_->buffer_bytes(), 0u);
  PeerSends(message.substr(100));
  EXPECT_EQ(peer_->received(), Answer(1));
  EXPECT_EQ(connection_->buffer_bytes(), 0u);
}

}  // namespace
}  // namespace sipcm::connection
