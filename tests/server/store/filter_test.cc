#include "server/store/filter.h"

#include <gtest/gtest.h>

#include <string>

#include "core/base/error.h"
#include "proto/sipcm/v1/connection.pb.h"
#include "proto/sipcm/v1/connection_manager.pb.h"

namespace sipcm::server {
namespace {

using sipcm::v1::Connection;
using sipcm::v1::ConnectionManager;

class FilterTest : public testing::Test {
 protected:
  FilterTest() {
    manager_.set_name("connectionManagers/edge-1");
    manager_.set_kind(ConnectionManager::SERVER_TLS);
    manager_.set_state(ConnectionManager::LISTENING);
    manager_.set_strict_dispatching(true);
    manager_.add_bound_addresses()->set_host("192.0.2.7");
    manager_.add_bound_addresses()->set_host("::1");
    manager_.mutable_statistics()->set_endpoint_count(12);
    manager_.set_display_name("the edge");
  }

  bool Matches(const std::string& text) {
    const auto filter = Filter::Parse(text, ConnectionManager::descriptor());
    EXPECT_TRUE(filter.ok()) << filter.status();
    return filter.ok() && filter->Matches(manager_);
  }

  ConnectionManager manager_;
};

TEST_F(FilterTest, AnEmptyFilterMatchesEverything) {
  EXPECT_TRUE(Matches(""));
  EXPECT_TRUE(Matches("  "));
}

TEST_F(FilterTest, ComparesEnumsByName) {
  EXPECT_TRUE(Matches("state = LISTENING"));
  EXPECT_TRUE(Matches("state=LISTENING"));
  EXPECT_FALSE(Matches("state = IDLE"));
  EXPECT_TRUE(Matches("state != IDLE"));
}

TEST_F(FilterTest, AllConditionsHaveToHold) {
  EXPECT_TRUE(Matches("state = LISTENING AND kind = SERVER_TLS"));
  EXPECT_FALSE(Matches("state = LISTENING AND kind = SERVER_TCP"));
  EXPECT_TRUE(Matches("state = LISTENING kind = SERVER_TLS"));
}

TEST_F(FilterTest, ComparesQuotedTextExactlyAndFindsPartsWithoutCase) {
  EXPECT_TRUE(Matches("display_name = \"the edge\""));
  EXPECT_FALSE(Matches("display_name = \"The edge\""));
  EXPECT_TRUE(Matches("display_name : EDGE"));
  EXPECT_FALSE(Matches("display_name : core"));
}

TEST_F(FilterTest, UnderstandsCamelCaseNestedFieldsAndLists) {
  EXPECT_TRUE(Matches("displayName : edge"));
  EXPECT_TRUE(Matches("statistics.endpoint_count = 12"));
  EXPECT_TRUE(Matches("bound_addresses.host = \"::1\""));
  EXPECT_FALSE(Matches("bound_addresses.host = 192.0.2.8"));
  EXPECT_TRUE(Matches("strict_dispatching = true"));
}

TEST_F(FilterTest, StarAsksWhetherThereIsAValue) {
  EXPECT_TRUE(Matches("bound_addresses:*"));
  EXPECT_FALSE(Matches("certificate:*"));
}

class RefusedFilterTest : public testing::TestWithParam<const char*> {};

TEST_P(RefusedFilterTest, IsInvalidFilterAndNamesTheField) {
  const auto filter = Filter::Parse(GetParam(), ConnectionManager::descriptor());
  ASSERT_FALSE(filter.ok());
  EXPECT_EQ(filter.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(filter.status()), "INVALID_FILTER");
  EXPECT_EQ(FieldOf(filter.status()), "filter");
}

INSTANTIATE_TEST_SUITE_P(, RefusedFilterTest,
                         testing::Values("stat = LISTENING", "state", "state =", "state = DANCING",
                                         "state < LISTENING", "NOT state = IDLE",
                                         "state = IDLE OR state = LISTENING", "(state = IDLE)",
                                         "display_name = \"open", "strict_dispatching = yes",
                                         "limits = 3", "statistics.endpoint_count = many",
                                         "state = IDLE AND", "name.part = x"));

TEST_F(FilterTest, TooLongAFilterIsRefused) {
  const std::string text = "display_name = \"" + std::string(Filter::kMaxBytes, 'x') + "\"";
  EXPECT_FALSE(Filter::Parse(text, ConnectionManager::descriptor()).ok());
}

}  // namespace
}  // namespace sipcm::server
