#include "server/log/resource_event_log.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"

namespace sipcm::server {
namespace {

using sipcm::v1::Event;

class KeepingSink final : public ResourceEventSink {
 public:
  void OnResourceEvent(Event event) override { kinds.push_back(event.kind()); }
  void OnResourceState(uint64_t, ObjectClass, std::vector<Event>) override {}
  std::vector<Event::Kind> kinds;
};

class ResourceEventLogTest : public testing::Test {
 protected:
  static Event ManagerEvent(Event::Kind kind) {
    Event event;
    event.set_kind(kind);
    event.set_name("connectionManagers/edge");
    event.mutable_connection_manager()->add_warnings("allow_any_domain: everybody");
    event.mutable_connection_manager()->add_warnings("two\nlines");
    return event;
  }

  Logger logger_{{LogFormat::kText, LogLevel::kInfo,
                  [] { return absl::FromUnixSeconds(1'780'000'000); },
                  [this](const std::string& line) { lines_.push_back(line); }}};
  std::vector<std::string> lines_;
  KeepingSink next_;
  ResourceEventLog log_{&logger_, &next_};
};

TEST_F(ResourceEventLogTest, AFailedReloadIsAWarningWithNameVersionAndCauseOnOneLine) {
  Event event;
  event.set_kind(Event::CERTIFICATE_RELOAD_FAILED);
  event.set_name("certificates/edge");
  event.set_explanation("certificate_file: \x1b[31mno\nPEM");
  event.mutable_certificate()->set_version("00112233445566ff-2");
  log_.OnResourceEvent(event);
  ASSERT_EQ(lines_.size(), 1u);
  for (const char* part : {" warning certificate_reload_failed ", "name=certificates/edge",
                           "version=00112233445566ff-2", "PEM"}) {
    EXPECT_TRUE(absl::StrContains(lines_[0], part)) << lines_[0];
  }
  EXPECT_FALSE(absl::StrContains(lines_[0], "\n"));
  EXPECT_FALSE(absl::StrContains(lines_[0], "\x1b"));
}

TEST_F(ResourceEventLogTest, EveryEventIsPassedOnAndOnlyThoseOfCertificatesAndBundlesAreLines) {
  Event bundle;
  bundle.set_kind(Event::TRUST_BUNDLE_CHANGED);
  bundle.mutable_trust_bundle()->set_version("2");
  log_.OnResourceEvent(bundle);
  Event manager;
  manager.set_kind(Event::CONNECTION_MANAGER_ADDED);
  manager.mutable_connection_manager();
  log_.OnResourceEvent(manager);
  EXPECT_EQ(lines_.size(), 1u);
  EXPECT_EQ(next_.kinds, (std::vector<Event::Kind>{Event::TRUST_BUNDLE_CHANGED,
                                                   Event::CONNECTION_MANAGER_ADDED}));
}

TEST_F(ResourceEventLogTest, AChangeThatIsLegalAndRiskyIsALineForEachWarning) {
  log_.BeginWarning();
  for (const Event::Kind kind :
       {Event::CONNECTION_MANAGER_ADDED, Event::CONNECTION_MANAGER_CHANGED}) {
    lines_.clear();
    log_.OnResourceEvent(ManagerEvent(kind));
    ASSERT_EQ(lines_.size(), 2u);
    EXPECT_TRUE(absl::StrContains(lines_[0], " warning manager_warning detail=")) << lines_[0];
    EXPECT_TRUE(
        absl::StrContains(lines_[0], "connectionManagers/edge: allow_any_domain: everybody"))
        << lines_[0];
    EXPECT_FALSE(absl::StrContains(lines_[1], "\n"));
  }
  EXPECT_EQ(next_.kinds.size(), 2u);
}

TEST_F(ResourceEventLogTest, AConfigurationThatIsNotYetInForceAndOtherEventsAreNoWarnings) {
  log_.OnResourceEvent(ManagerEvent(Event::CONNECTION_MANAGER_ADDED));
  log_.BeginWarning();
  log_.OnResourceEvent(ManagerEvent(Event::CONNECTION_MANAGER_STATE));
  log_.OnResourceEvent(ManagerEvent(Event::CONNECTION_MANAGER_REMOVED));
  EXPECT_TRUE(lines_.empty());
  EXPECT_EQ(next_.kinds.size(), 3u);
}

}  // namespace
}  // namespace sipcm::server
