#include "server/log/logger.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "core/base/error.h"
#include "server/log/engine_event_log.h"

namespace sipcm::server {
namespace {

class LoggerTest : public testing::Test {
 protected:
  std::unique_ptr<Logger> Make(LogLevel level = LogLevel::kInfo) {
    return std::make_unique<Logger>(
        Logger::Options{LogFormat::kText, level, [this] { return now_; },
                        [this](const std::string& line) { lines_.push_back(line); }});
  }

  absl::Time now_ = absl::FromUnixSeconds(1'780'000'000);
  std::vector<std::string> lines_;
};

TEST_F(LoggerTest, LessThanItsLevelIsNotWritten) {
  const auto logger = Make(LogLevel::kWarning);
  logger->Log(LogLevel::kInfo, "quiet", {});
  logger->Log(LogLevel::kWarning, "loud", {});
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_TRUE(absl::StrContains(lines_[0], "loud"));
}

TEST_F(LoggerTest, FiveThousandEventsInASecondBecomeAHundredLinesAndACount) {
  const auto logger = Make();
  for (int i = 0; i < 5000; ++i) logger->Log(LogLevel::kInfo, "flood", {});
  EXPECT_EQ(lines_.size(), 100u);
  logger->ReportDropped();
  EXPECT_EQ(lines_.size(), 100u);  // the second is not over
  now_ += absl::Seconds(1);
  logger->ReportDropped();
  ASSERT_EQ(lines_.size(), 101u);
  EXPECT_TRUE(
      absl::EndsWith(lines_[100], "warning log_lines_dropped dropped_event=flood count=4900"));
  logger->ReportDropped();
  EXPECT_EQ(lines_.size(), 101u);  // told once
}

TEST_F(LoggerTest, AFloodOfOneEventHidesNoOther) {
  const auto logger = Make();
  for (int i = 0; i < 5000; ++i) logger->Log(LogLevel::kInfo, "flood", {});
  logger->Log(LogLevel::kInfo, "other", {});
  EXPECT_EQ(lines_.size(), 101u);
}

TEST_F(LoggerTest, TheNextSecondHasItsOwnHundred) {
  const auto logger = Make();
  for (int i = 0; i < 150; ++i) logger->Log(LogLevel::kInfo, "flood", {});
  now_ += absl::Milliseconds(999);
  logger->Log(LogLevel::kInfo, "flood", {});
  EXPECT_EQ(lines_.size(), 100u);
  now_ += absl::Milliseconds(1);
  logger->Log(LogLevel::kInfo, "flood", {});
  EXPECT_EQ(lines_.size(), 101u);
}

TEST_F(LoggerTest, AClockThatJumpsBackDoesNotSilenceTheLog) {
  const auto logger = Make();
  for (int i = 0; i < 150; ++i) logger->Log(LogLevel::kInfo, "flood", {});
  now_ -= absl::Hours(1);
  logger->Log(LogLevel::kInfo, "flood", {});
  EXPECT_EQ(lines_.size(), 101u);
}

TEST_F(LoggerTest, EngineEventsSayWhoWhereAndWhy) {
  const auto logger = Make();
  EngineEventLog log(logger.get());
  engine::EngineEvent event;
  event.kind = engine::EngineEvent::Kind::kConnectionClosed;
  event.manager_id = "edge";
  auto snapshot = std::make_shared<engine::ConnectionSnapshot>();
  snapshot->id = connection::ConnectionId(1, 7);
  snapshot->transport = connection::Transport::kTls;
  snapshot->remote_address = *net::SocketAddress::Parse("192.0.2.7:40000");
  event.connection = snapshot;
  event.close_reason = connection::CloseReason::kNotAllowed;
  event.detail = MakeError(absl::StatusCode::kFailedPrecondition, "PEER_NOT_ALLOWED", "no\nentry");
  log.OnEvent(event);
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_TRUE(absl::EndsWith(
      lines_[0],
      "info connection_closed manager=edge connection=1000000000007 direction=incoming "
      "transport=tls remote=192.0.2.7:40000 reason=not_allowed error=PEER_NOT_ALLOWED "
      "detail=\"no\\x0aentry\""))
      << lines_[0];
}

TEST_F(LoggerTest, AClosingsReasonIsTheWordOfTheApi) {
  const auto logger = Make();
  EngineEventLog log(logger.get());
  engine::EngineEvent event;
  event.kind = engine::EngineEvent::Kind::kConnectionClosed;
  event.connection = std::make_shared<engine::ConnectionSnapshot>();
  for (int i = 0; i < connection::kCloseReasonCount; ++i) {
    event.close_reason = static_cast<connection::CloseReason>(i);
    log.OnEvent(event);
    const std::string word(connection::CloseReasonName(event.close_reason));
    EXPECT_TRUE(absl::EndsWith(lines_.back(), " reason=" + word)) << lines_.back();
  }
}

TEST_F(LoggerTest, ThrottlingIsNamed) {
  const auto logger = Make();
  EngineEventLog log(logger.get());
  engine::EngineEvent event;
  event.kind = engine::EngineEvent::Kind::kThrottlingStarted;
  event.manager_id = "edge";
  event.throttling = std::make_shared<engine::ThrottlingChange>(
      engine::ThrottlingChange{engine::ThrottleMechanism::kManager, 5, 4, 2, ""});
  log.OnEvent(event);
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_TRUE(absl::EndsWith(
      lines_[0], "warning throttling_started manager=edge mechanism=manager outstanding=5"))
      << lines_[0];
}

TEST_F(LoggerTest, AFloodOfRefusedHandshakesIsOneEscapedLineEachUpToALimitAndThenACount) {
  const auto logger = Make();
  EngineEventLog log(logger.get());
  auto refused = std::make_shared<tls::RefusedPeer>();
  refused->server_name = "edge\\x1b[2J";  // escaped by core/tls
  refused->verdict.refusal = tls::PeerRefusal::kNotAllowedDomain;
  refused->verdict.names_tested = {"a.org", "b.org"};
  refused->chain.emplace_back();
  refused->chain.back().subject = "CN=a\nlevel=fake";
  engine::EngineEvent event;
  event.kind = engine::EngineEvent::Kind::kTlsRefused;
  event.manager_id = "edge";
  auto snapshot = std::make_shared<engine::ConnectionSnapshot>();
  snapshot->transport = connection::Transport::kTls;
  snapshot->remote_address = *net::SocketAddress::Parse("192.0.2.7:40000");
  event.connection = snapshot;
  event.refused_peer = refused;
  event.detail = MakeError(absl::StatusCode::kFailedPrecondition, "PEER_NOT_ALLOWED",
                           "names \"\x1b[31m\" \u009b fit nothing");
  for (int i = 0; i < 5000; ++i) log.OnEvent(event);
  ASSERT_EQ(lines_.size(), 100u);
  for (const std::string& line : lines_) {
    EXPECT_EQ(line.find_first_of("\n\r\x1b"), std::string::npos);
  }
  EXPECT_TRUE(absl::StrContains(lines_[0], "warning tls_refused manager=edge")) << lines_[0];
  EXPECT_TRUE(absl::StrContains(
      lines_[0],
      " rule=NOT_IN_ALLOWED_DOMAINS alert=certificate_unknown peer=\"CN=a\\x0alevel=fake\" "
      "names=a.org,b.org certificates=1 error=PEER_NOT_ALLOWED "))
      << lines_[0];
  EXPECT_FALSE(absl::StrContains(lines_[0], "\u009b")) << lines_[0];
  now_ += absl::Seconds(1);
  logger->ReportDropped();
  EXPECT_TRUE(absl::EndsWith(lines_.back(),
                             "warning log_lines_dropped dropped_event=tls_refused count=4900"));
}

}  // namespace
}  // namespace sipcm::server
