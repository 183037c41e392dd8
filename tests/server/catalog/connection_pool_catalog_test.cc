#include "server/catalog/connection_pool_catalog.h"

#include <functional>

#include "tests/server/catalog/catalog_fixture.h"

namespace sipcm::server {
namespace {

using sipcm::v1::ConnectionPool;

constexpr char kPool[] = "connectionManagers/edge/pools/tcp:127.0.0.1:5070";

class ConnectionPoolCatalogTest : public CatalogTest {
 protected:
  ConnectionPoolCatalogTest() {
    EXPECT_TRUE(CreateManager("edge", R"({"kind":"SERVER_TCP"})").ok());
  }

  absl::StatusOr<ConnectionPool> Update(const std::string& pool, const std::string& mask = "",
                                        bool validate_only = false) {
    auto request = FromJson<sipcm::v1::UpdateConnectionPoolRequest>(
        "{\"connection_pool\":" + pool + ",\"update_mask\":\"" + mask + "\"}");
    request.set_validate_only(validate_only);
    return Await<ConnectionPool>(
        [&](Done<ConnectionPool> done) { catalogs_.pools.Update(request, std::move(done)); });
  }
  absl::StatusOr<ConnectionPool> Get(const std::string& name) {
    sipcm::v1::GetConnectionPoolRequest request;
    request.set_name(name);
    return Await<ConnectionPool>(
        [&](Done<ConnectionPool> done) { catalogs_.pools.Get(request, std::move(done)); });
  }
  absl::StatusOr<sipcm::v1::ListConnectionPoolsResponse> List(const std::string& json) {
    return Await<sipcm::v1::ListConnectionPoolsResponse>(
        [&](Done<sipcm::v1::ListConnectionPoolsResponse> done) {
          catalogs_.pools.List(FromJson<sipcm::v1::ListConnectionPoolsRequest>(json),
                               std::move(done));
        });
  }
  absl::Status Delete(bool force) {
    sipcm::v1::DeleteConnectionPoolRequest request;
    request.set_name(kPool);
    request.set_force(force);
    return Await<google::protobuf::Empty>([&](Done<google::protobuf::Empty> done) {
             catalogs_.pools.Delete(request, std::move(done));
           })
        .status();
  }
  void PutBusyPool() {
    engine::PoolSnapshot pool;
    pool.manager_id = "edge";
    pool.destination = *pool::Destination::ParsePoolId("tcp:127.0.0.1:5070");
    pool.statistics.live_count = 2;
    pool.statistics.outstanding_count = 1;
    engine_.PutLivePool(pool);
  }
};

TEST_F(ConnectionPoolCatalogTest, ASettingMayComeBeforeItsPool) {
  EXPECT_EQ(ReasonOf(Get(kPool).status()), "RESOURCE_NOT_FOUND");
  const auto pool = Update(R"({"name":"connectionManagers/edge/pools/tcp:127.0.0.1:5070",
      "max_connection_count":3})",
                           "maxConnectionCount");
  ASSERT_TRUE(pool.ok()) << pool.status();
  EXPECT_EQ(pool->name(), kPool);
  EXPECT_EQ(pool->state(), ConnectionPool::CONFIGURED);
  EXPECT_EQ(pool->max_connection_count(), 3);
  EXPECT_EQ(pool->destination().port(), 5070);
  EXPECT_EQ(Get(kPool)->max_connection_count(), 3);
}

TEST_F(ConnectionPoolCatalogTest, AChangeKeepsTheOtherSettings) {
  const std::string name = std::string("{\"name\":\"") + kPool + "\"";
  ASSERT_TRUE(Update(name + R"(,"selection":"LEAST_OUTSTANDING"})", "selection").ok());
  const auto pool = Update(name + R"(,"max_connection_count":7})", "maxConnectionCount");
  EXPECT_EQ(pool->selection(), ConnectionPool::LEAST_OUTSTANDING);
  EXPECT_EQ(pool->max_connection_count(), 7);
}

TEST_F(ConnectionPoolCatalogTest, TheLargestNumberMeansNoSharingAndNoneIsRefused) {
  const std::string name = std::string("{\"name\":\"") + kPool + "\"";
  EXPECT_EQ(Update(name + R"(,"max_connection_count":2147483647})")->max_connection_count(),
            2147483647);
  for (const char* count : {"0", "-1"}) {
    ExpectInvalid(Update(name + ",\"max_connection_count\":" + count + "}").status(),
                  "FIELD_OUT_OF_RANGE", "connection_pool.max_connection_count");
  }
}

TEST_F(ConnectionPoolCatalogTest, EachSettingIsTakenAndAFieldWithoutValueGoesBackToItsDefault) {
  const std::string name = std::string("{\"name\":\"") + kPool + "\"";
  auto pool = Update(name + R"(,"max_connection_count":9,"min_connection_count":2,
      "selection":"REUSE_FIRST","sizing":"AUTO"})");
  ASSERT_TRUE(pool.ok()) << pool.status();
  EXPECT_EQ(pool->max_connection_count(), 9);
  EXPECT_EQ(pool->min_connection_count(), 2);
  EXPECT_EQ(pool->selection(), ConnectionPool::REUSE_FIRST);
  EXPECT_EQ(pool->sizing(), ConnectionPool::AUTO);
  pool = Update(name + "}", "maxConnectionCount,selection,sizing");
  ASSERT_TRUE(pool.ok()) << pool.status();
  EXPECT_EQ(pool->max_connection_count(), 5);
  EXPECT_EQ(pool->min_connection_count(), 2);
  EXPECT_EQ(pool->selection(), ConnectionPool::GROW_FIRST);
  EXPECT_EQ(pool->sizing(), ConnectionPool::FIXED);
}

TEST_F(ConnectionPoolCatalogTest, TheMinimumIsAtMostTheMaximum) {
  const std::string name = std::string("{\"name\":\"") + kPool + "\"";
  ExpectInvalid(Update(name + ",\"min_connection_count\":-1}").status(), "FIELD_OUT_OF_RANGE",
                "connection_pool.min_connection_count");
  ExpectInvalid(Update(name + ",\"min_connection_count\":6}").status(), "FIELD_OUT_OF_RANGE",
                "connection_pool.min_connection_count");
  ASSERT_TRUE(Update(name + ",\"min_connection_count\":5}").ok());
  ExpectInvalid(Update(name + ",\"max_connection_count\":4}").status(), "FIELD_OUT_OF_RANGE",
                "connection_pool.max_connection_count");
  EXPECT_EQ(Get(kPool)->max_connection_count(), 5) << "what was in force stays";
}

TEST_F(ConnectionPoolCatalogTest, AnAutoSizeNeedsABound) {
  const std::string name = std::string("{\"name\":\"") + kPool + "\"";
  ASSERT_TRUE(Update(name + ",\"sizing\":\"AUTO\"}").ok());
  ExpectInvalid(Update(name + ",\"max_connection_count\":2147483647}").status(),
                "CONFLICTING_FIELDS", "connection_pool.sizing");
}

TEST_F(ConnectionPoolCatalogTest, EtagsGuardSettingsBeforeAndAfterTheyAreMade) {
  const std::string name = std::string("{\"name\":\"") + kPool + "\",\"max_connection_count\":3";
  ExpectRefused(Update(name + R"(,"etag":"old"})").status(), absl::StatusCode::kAborted,
                "ETAG_MISMATCH", "etag");
  const std::string etag = Update(name + "}")->etag();
  EXPECT_TRUE(Update(name + ",\"etag\":\"" + etag + "\"}").ok());
}

TEST_F(ConnectionPoolCatalogTest, ValidateOnlyMakesNoSetting) {
  const auto pool =
      Update(std::string("{\"name\":\"") + kPool + "\",\"max_connection_count\":3}", "", true);
  ASSERT_TRUE(pool.ok()) << pool.status();
  EXPECT_EQ(pool->max_connection_count(), 3);
  EXPECT_FALSE(Get(kPool).ok());
}

TEST_F(ConnectionPoolCatalogTest, NamesThatAreNoneAreRefused) {
  for (const char* name : {"edge", "connectionManagers/edge/pools/udp:127.0.0.1:5070",
                           "connectionManagers/edge/pools/tcp:127.0.0.1",
                           "connectionManagers/edge/pools/tcp:127.0.0.1:0x1"}) {
    EXPECT_EQ(ReasonOf(Get(name).status()), "INVALID_NAME") << name;
  }
  EXPECT_EQ(ReasonOf(Get("connectionManagers/no/pools/tcp:127.0.0.1:5070").status()),
            "RESOURCE_NOT_FOUND");
  EXPECT_EQ(ReasonOf(Update(R"({"name":"connectionManagers/edge/pools/tls:a.example:5061",
      "max_connection_count":3})")
                         .status()),
            "CONFLICTING_FIELDS");
}

TEST_F(ConnectionPoolCatalogTest, ListsPagesOfPoolsAndSettings) {
  PutBusyPool();
  for (const char* port : {"5071", "5072"}) {
    ASSERT_TRUE(Update(std::string("{\"name\":\"connectionManagers/edge/pools/tcp:a.example:") +
                       port + "\",\"max_connection_count\":2}")
                    .ok());
  }
  const auto first = List(R"({"page_size":2})");
  ASSERT_EQ(first->connection_pools_size(), 2);
  EXPECT_EQ(first->connection_pools(0).state(), ConnectionPool::ACTIVE);
  const auto second = List("{\"page_size\":2,\"page_token\":\"" + first->next_page_token() + "\"}");
  ASSERT_EQ(second->connection_pools_size(), 1);
  EXPECT_EQ(second->next_page_token(), "");
  EXPECT_EQ(List(R"({"filter":"state = CONFIGURED"})")->connection_pools_size(), 2);
  EXPECT_EQ(ReasonOf(List(R"({"parent":"connectionManagers/no"})").status()), "RESOURCE_NOT_FOUND");
}

TEST_F(ConnectionPoolCatalogTest, ABusyPoolGoesOnlyByForce) {
  PutBusyPool();
  EXPECT_EQ(ReasonOf(Delete(false)), "RESOURCE_IN_USE");
  EXPECT_TRUE(Delete(true).ok());
  EXPECT_EQ(ReasonOf(Delete(true)), "RESOURCE_NOT_FOUND");
}

class PoolThatGoesTest : public ConnectionPoolCatalogTest {
 protected:
  // Deletes the pool and does `meanwhile` after the engine removed it, before the catalogue knows.
  void DeleteAnd(const std::function<void()>& meanwhile) {
    absl::Notification may_go_on;
    catalogs_.state.thread.Post([&] { may_go_on.WaitForNotification(); });
    sipcm::v1::DeleteConnectionPoolRequest request;
    request.set_name(kPool);
    const auto deleted = Await<google::protobuf::Empty>([&](Done<google::protobuf::Empty> done) {
      catalogs_.pools.Delete(request, std::move(done));
      meanwhile();
      may_go_on.Notify();
    });
    EXPECT_TRUE(deleted.ok()) << deleted.status();
  }
  static sipcm::v1::UpdateConnectionPoolRequest WithMax(int max) {
    sipcm::v1::UpdateConnectionPoolRequest request;
    request.mutable_connection_pool()->set_name(kPool);
    request.mutable_connection_pool()->set_max_connection_count(max);
    return request;
  }
  size_t SettingCount() {
    absl::MutexLock lock(&catalogs_.state.mutex);
    size_t count = 0;
    for (const auto& [manager, settings] : catalogs_.state.pool_settings) count += settings.size();
    return count;
  }
};

TEST_F(PoolThatGoesTest, TakesItsSettingAlong) {
  ASSERT_TRUE(catalogs_.pools.Apply(WithMax(3)).ok());
  EXPECT_EQ(SettingCount(), 1u);
  DeleteAnd([] {});
  EXPECT_EQ(SettingCount(), 0u);
}

TEST_F(PoolThatGoesTest, LeavesTheSettingOfAnUpdateThatCameMeanwhile) {
  ASSERT_TRUE(catalogs_.pools.Apply(WithMax(3)).ok());
  DeleteAnd([&] { EXPECT_TRUE(catalogs_.pools.Apply(WithMax(7)).ok()); });
  const auto pool = Update(
      R"({"name":"connectionManagers/edge/pools/tcp:127.0.0.1:5070","min_connection_count":2})");
  ASSERT_TRUE(pool.ok()) << pool.status();
  EXPECT_EQ(pool->max_connection_count(), 7);
}

TEST_F(PoolThatGoesTest, LeavesTheSameSettingMadeAnewMeanwhile) {
  ASSERT_TRUE(catalogs_.pools.Apply(WithMax(3)).ok());
  DeleteAnd([&] { EXPECT_TRUE(catalogs_.pools.Apply(WithMax(3)).ok()); });
  EXPECT_EQ(SettingCount(), 1u);
}

TEST_F(PoolThatGoesTest, LeavesNothingOfAManagerThatWentMeanwhile) {
  ASSERT_TRUE(catalogs_.pools.Apply(WithMax(3)).ok());
  DeleteAnd([&] {
    sipcm::v1::DeleteConnectionManagerRequest gone;
    gone.set_name("connectionManagers/edge");
    EXPECT_TRUE(catalogs_.managers.Delete(gone).ok());
  });
  absl::MutexLock lock(&catalogs_.state.mutex);
  EXPECT_TRUE(catalogs_.state.pool_settings.empty());
}

TEST_F(ConnectionPoolCatalogTest, AsManyPoolsHaveSettingsAsThereMayBe) {
  ASSERT_TRUE(
      CreateManager("small", R"({"kind":"SERVER_TCP","limits":{"max_pool_count":2}})").ok());
  const auto set = [this](int port) {
    return Update("{\"name\":\"connectionManagers/small/pools/tcp:127.0.0.1:" +
                      std::to_string(port) + R"(","max_connection_count":3})",
                  "maxConnectionCount")
        .status();
  };
  EXPECT_TRUE(set(5070).ok());
  EXPECT_TRUE(set(5071).ok());
  ExpectRefused(set(5072), absl::StatusCode::kResourceExhausted, "RESOURCE_LIMIT",
                "connection_pool.name");
  EXPECT_TRUE(set(5071).ok()) << "it is there already";
}

}  // namespace
}  // namespace sipcm::server
