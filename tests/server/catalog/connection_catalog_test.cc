#include "server/catalog/connection_catalog.h"

#include <set>

#include "tests/server/catalog/catalog_fixture.h"

namespace sipcm::server {
namespace {

using sipcm::v1::Connection;

class ConnectionCatalogTest : public CatalogTest {
 protected:
  ConnectionCatalogTest() {
    EXPECT_TRUE(CreateManager("edge", R"({"kind":"SERVER_TCP"})").ok());
    for (uint64_t serial = 1; serial <= 20; ++serial) {
      engine::ConnectionSnapshot connection;
      connection.id = connection::ConnectionId(0, serial);
      connection.manager_id = "edge";
      connection.direction =
          serial % 2 == 0 ? connection::Direction::kOutgoing : connection::Direction::kIncoming;
      connection.state = connection::ConnectionState::kEstablished;
      connection.remote_address = *net::SocketAddress::Parse("192.0.2.7:5060");
      connection.idle_timeout = absl::Minutes(15);
      connection.open_time = now_;
      connection.last_receive_time = absl::InfinitePast();
      connection.last_send_time = now_;
      engine_.PutConnection(connection);
    }
  }

  template <typename Request>
  absl::StatusOr<Connection> Ask(void (ConnectionCatalog::*method)(const Request&,
                                                                   Done<Connection>),
                                 const std::string& json) {
    return Await<Connection>([&](Done<Connection> done) {
      (catalogs_.connections.*method)(FromJson<Request>(json), std::move(done));
    });
  }
  absl::StatusOr<Connection> Get(const std::string& name) {
    return Ask(&ConnectionCatalog::Get, "{\"name\":\"" + name + "\"}");
  }
  absl::StatusOr<sipcm::v1::ListConnectionsResponse> List(const std::string& json) {
    return Await<sipcm::v1::ListConnectionsResponse>(
        [&](Done<sipcm::v1::ListConnectionsResponse> done) {
          catalogs_.connections.List(FromJson<sipcm::v1::ListConnectionsRequest>(json),
                                     std::move(done));
        });
  }
};

TEST_F(ConnectionCatalogTest, ShowsAConnectionAsItIs) {
  const auto connection = Get("connectionManagers/edge/connections/a");
  ASSERT_TRUE(connection.ok()) << connection.status();
  EXPECT_EQ(connection->direction(), sipcm::v1::OUTGOING);
  EXPECT_EQ(connection->transport(), sipcm::v1::TCP);
  EXPECT_EQ(connection->state(), Connection::ESTABLISHED);
  EXPECT_EQ(connection->remote_address().host(), "192.0.2.7");
  EXPECT_EQ(connection->idle_timeout().seconds(), 900);
  EXPECT_FALSE(connection->has_last_receive_time());
  EXPECT_TRUE(connection->has_last_send_time());
}

TEST_F(ConnectionCatalogTest, AnotherManagersConnectionIsNotFound) {
  EXPECT_EQ(ReasonOf(Get("connectionManagers/other/connections/a").status()), "RESOURCE_NOT_FOUND");
  EXPECT_EQ(ReasonOf(Get("connectionManagers/edge/connections/ff").status()), "RESOURCE_NOT_FOUND");
  for (const char* id : {"", "0a", "x", "0", "11112222333344445"}) {
    EXPECT_EQ(ReasonOf(Get(std::string("connectionManagers/edge/connections/") + id).status()),
              "INVALID_NAME")
        << id;
  }
}

TEST_F(ConnectionCatalogTest, PagesListEachConnectionOnce) {
  std::set<std::string> seen;
  std::string token;
  int pages = 0;
  do {
    const auto page = List(
        "{\"parent\":\"connectionManagers/edge\",\"page_size\":6,"
        "\"page_token\":\"" +
        token + "\"}");
    ASSERT_TRUE(page.ok()) << page.status();
    for (const Connection& connection : page->connections()) {
      EXPECT_TRUE(seen.insert(connection.name()).second);
    }
    token = page->next_page_token();
    ++pages;
  } while (!token.empty());
  EXPECT_EQ(seen.size(), 20u);
  EXPECT_EQ(pages, 4);
}

TEST_F(ConnectionCatalogTest, FiltersByFieldsOfTheAnswer) {
  EXPECT_EQ(List(R"({"filter":"direction = INCOMING"})")->connections_size(), 10);
  EXPECT_EQ(List(R"({"parent":"connectionManagers/-","filter":"remoteAddress.host = 192.0.2.8"})")
                ->connections_size(),
            0);
}

TEST_F(ConnectionCatalogTest, OneConnectionGetsItsOwnIdleTimeAndZeroIsNever) {
  const auto update = [&](const std::string& more) {
    return Ask(
        &ConnectionCatalog::Update,
        "{\"connection\":{\"name\":\"connectionManagers/edge/connections/1\"," + more + "}}");
  };
  const auto updated = update(R"("idle_timeout":"30s")");
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->idle_timeout().seconds(), 30);
  EXPECT_EQ(update(R"("idle_timeout":"0s")")->idle_timeout().seconds(), 0);
  ExpectInvalid(update(R"("idle_timeout":"-1s")").status(), "FIELD_OUT_OF_RANGE",
                "connection.idle_timeout");
  ExpectRefused(update(R"("idle_timeout":"3s","etag":"old")").status(), absl::StatusCode::kAborted,
                "ETAG_MISMATCH", "etag");
  EXPECT_EQ(Get("connectionManagers/edge/connections/2")->idle_timeout().seconds(), 900);
}

TEST_F(ConnectionCatalogTest, ClosesAtOnceOrWhenIdle) {
  const auto drained = Ask(&ConnectionCatalog::Close,
                           R"({"name":"connectionManagers/edge/connections/1","mode":"WHEN_IDLE",)"
                           R"("drain_timeout":"3s"})");
  EXPECT_EQ(drained->state(), Connection::DRAINING);
  ExpectInvalid(Ask(&ConnectionCatalog::Close,
                    R"({"name":"connectionManagers/edge/connections/2","drain_timeout":"3601s"})")
                    .status(),
                "FIELD_OUT_OF_RANGE", "drain_timeout");
  const auto closed =
      Ask(&ConnectionCatalog::Close, R"({"name":"connectionManagers/edge/connections/2"})");
  EXPECT_EQ(closed->state(), Connection::CLOSED);
}

}  // namespace
}  // namespace sipcm::server
