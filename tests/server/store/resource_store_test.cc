#include "server/store/resource_store.h"

#include <gtest/gtest.h>

#include <string>

#include "core/base/error.h"
#include "proto/sipcm/v1/endpoints.pb.h"
#include "server/store/resource_name.h"

namespace sipcm::server {
namespace {

using sipcm::v1::Endpoint;

constexpr absl::Time kNoon = absl::FromUnixSeconds(1'780'000'000);

Endpoint Named(const std::string& id, const std::string& display_name = "") {
  Endpoint endpoint;
  endpoint.set_name("endpoints/" + id);
  endpoint.set_display_name(display_name);
  return endpoint;
}

class ResourceStoreTest : public testing::Test {
 protected:
  ResourceStore<Endpoint> store_{"endpoint", "endpoints"};
};

TEST_F(ResourceStoreTest, ANewResourceGetsItsTimesAndAnEtag) {
  const Endpoint stored = store_.Put(Named("alice"), kNoon + absl::Milliseconds(1500));
  EXPECT_FALSE(stored.etag().empty());
  EXPECT_EQ(stored.create_time().seconds(), 1'780'000'001);
  EXPECT_EQ(stored.create_time().nanos(), 500'000'000);
}

TEST_F(ResourceStoreTest, AReplacementKeepsItsCreateTimeAndChangesItsEtag) {
  const Endpoint first = store_.Put(Named("alice"), kNoon);
  const Endpoint second = store_.Put(Named("alice", "Alice"), kNoon + absl::Seconds(5));
  EXPECT_EQ(second.create_time().seconds(), first.create_time().seconds());
  EXPECT_EQ(second.update_time().seconds(), first.create_time().seconds() + 5);
  EXPECT_NE(second.etag(), first.etag());
}

TEST_F(ResourceStoreTest, AnAbsentResourceIsNamed) {
  const auto found = store_.Get("endpoints/nobody", "name");
  EXPECT_EQ(found.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(found.status()), "RESOURCE_NOT_FOUND");
  EXPECT_NE(found.status().message().find("endpoints/nobody"), absl::string_view::npos);
}

TEST_F(ResourceStoreTest, ATakenNameIsToldBeforeItIsPut) {
  EXPECT_TRUE(store_.CheckFree("endpoints/alice").ok());
  store_.Put(Named("alice"), kNoon);
  const absl::Status status = store_.CheckFree("endpoints/alice");
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ReasonOf(status), "RESOURCE_EXISTS");
}

TEST_F(ResourceStoreTest, AnOldEtagIsAbortedAndAnEmptyOneIsNotChecked) {
  const Endpoint stored = store_.Put(Named("alice"), kNoon);
  EXPECT_TRUE(CheckEtag(stored.name(), "", stored.etag()).ok());
  EXPECT_TRUE(CheckEtag(stored.name(), stored.etag(), stored.etag()).ok());
  const absl::Status status = CheckEtag(stored.name(), "old", stored.etag());
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(status), "ETAG_MISMATCH");
}

TEST_F(ResourceStoreTest, FiltersSeeWhatIsFilledInForTheAnswer) {
  store_.Put(Named("alice"), kNoon);
  store_.Put(Named("bob"), kNoon);
  sipcm::v1::ListEndpointsRequest request;
  request.set_filter("state = READY");
  sipcm::v1::ListEndpointsResponse response;
  const auto complete = [](Endpoint* endpoint) {
    if (endpoint->name() == "endpoints/bob") endpoint->set_state(Endpoint::READY);
  };
  ASSERT_TRUE(
      store_
          .List(request, complete, response.mutable_endpoints(), response.mutable_next_page_token())
          .ok());
  ASSERT_EQ(response.endpoints_size(), 1);
  EXPECT_EQ(response.endpoints(0).name(), "endpoints/bob");
}

TEST(ResourceNameTest, IdsFollowTheirRule) {
  for (const char* good : {"a", "9", "Edge-1", "a.b_c", "e-"}) {
    EXPECT_TRUE(CheckNewId(good, "id").ok()) << good;
  }
  EXPECT_TRUE(CheckNewId(std::string(63, 'a'), "id").ok());
  for (const std::string& bad :
       {std::string("-a"), std::string("a/b"), std::string("a b"), std::string(64, 'a'),
        std::string(".."), std::string("\xc3\xa4")}) {
    EXPECT_EQ(ReasonOf(CheckNewId(bad, "id")), "INVALID_NAME") << bad;
  }
  EXPECT_EQ(ReasonOf(CheckNewId("", "id")), "REQUIRED_FIELD_MISSING");
}

TEST(ResourceNameTest, NamesAreTakenApart) {
  EXPECT_EQ(*ParseName("endpoints/alice", kEndpoints, "name"), "alice");
  EXPECT_EQ(ReasonOf(ParseName("alice", kEndpoints, "name").status()), "INVALID_NAME");
  EXPECT_EQ(ReasonOf(ParseName("endpoints/a/b", kEndpoints, "name").status()), "INVALID_NAME");
  EXPECT_EQ(ReasonOf(ParseName("", kEndpoints, "name").status()), "REQUIRED_FIELD_MISSING");
  const auto pool = ParseChildName("connectionManagers/edge/pools/tls:[::1]:5061", kPools, "name");
  ASSERT_TRUE(pool.ok());
  EXPECT_EQ(pool->manager_id, "edge");
  EXPECT_EQ(pool->id, "tls:[::1]:5061");
  EXPECT_FALSE(ParseChildName("connectionManagers/edge/connections/1", kPools, "name").ok());
  EXPECT_EQ(*ParseParent("connectionManagers/-", "parent"), "");
  EXPECT_EQ(*ParseParent("connectionManagers/edge", "parent"), "edge");
}

}  // namespace
}  // namespace sipcm::server
