// What the catalogues tell of managers and endpoints; that of certificates and trust bundles is in
// their own tests.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/server/catalog/catalog_fixture.h"

namespace sipcm::server {
namespace {

using sipcm::v1::ConnectionManager;
using sipcm::v1::Event;
using testing::ElementsAre;
using testing::IsEmpty;

class CatalogEventsTest : public CatalogTest {
 protected:
  // "ENDPOINT_ADDED endpoints/alice", one each.
  std::vector<std::string> TakeLines() {
    std::vector<std::string> lines;
    for (const Event& event : events_.Take()) {
      EXPECT_FALSE(event.explanation().empty());
      lines.push_back(Event::Kind_Name(event.kind()) + " " + event.name());
    }
    return lines;
  }
};

TEST_F(CatalogEventsTest, AManagerIsToldWhenItComesChangesAndGoes) {
  ASSERT_TRUE(CreateManager("edge", R"({"kind": "SERVER_TCP"})").ok());
  EXPECT_THAT(TakeLines(), ElementsAre("CONNECTION_MANAGER_ADDED connectionManagers/edge"));
  const auto update = FromJson<sipcm::v1::UpdateConnectionManagerRequest>(
      R"({"connection_manager": {"name": "connectionManagers/edge", "display_name": "x"},
          "update_mask": "displayName"})");
  ASSERT_TRUE(catalogs_.managers.Update(update).ok());
  const std::vector<Event> changed = events_.Take();
  ASSERT_EQ(changed.size(), 1u);
  EXPECT_EQ(changed[0].kind(), Event::CONNECTION_MANAGER_CHANGED);
  EXPECT_EQ(changed[0].connection_manager().display_name(), "x");
  ASSERT_TRUE(catalogs_.managers.Update(update).ok());
  EXPECT_THAT(TakeLines(), IsEmpty()) << "nothing changed";
  sipcm::v1::DeleteConnectionManagerRequest gone;
  gone.set_name("connectionManagers/edge");
  ASSERT_TRUE(catalogs_.managers.Delete(gone).ok());
  const std::vector<Event> removed = events_.Take();
  ASSERT_EQ(removed.size(), 1u);
  EXPECT_EQ(removed[0].kind(), Event::CONNECTION_MANAGER_REMOVED);
  EXPECT_EQ(removed[0].connection_manager().display_name(), "x") << "as it was last";
}

TEST_F(CatalogEventsTest, AnAllowedDomainChangesItsManager) {
  ASSERT_TRUE(CreateManager("edge", R"({"kind": "SERVER_TCP"})").ok());
  events_.Take();
  ASSERT_TRUE(catalogs_.managers
                  .AddAllowedDomain(FromJson<sipcm::v1::AddAllowedDomainRequest>(
                      R"({"name": "connectionManagers/edge", "domain": {"pattern": "a.com"}})"))
                  .ok());
  EXPECT_THAT(TakeLines(), ElementsAre("CONNECTION_MANAGER_CHANGED connectionManagers/edge"));
}

TEST_F(CatalogEventsTest, AnEndpointAndTheManagerMadeForItAreTold) {
  ASSERT_TRUE(
      CreateEndpoint("alice", R"({"kind": "PEER_TO_PEER", "address": "sip:a@example.com"})").ok());
  EXPECT_THAT(TakeLines(), ElementsAre("CONNECTION_MANAGER_ADDED connectionManagers/default-tcp",
                                       "ENDPOINT_ADDED endpoints/alice"));
  ASSERT_TRUE(catalogs_.endpoints
                  .Update(FromJson<sipcm::v1::UpdateEndpointRequest>(
                      R"({"endpoint": {"name": "endpoints/alice", "display_name": "Alice"},
                          "update_mask": "displayName"})"))
                  .ok());
  EXPECT_THAT(TakeLines(), ElementsAre("ENDPOINT_CHANGED endpoints/alice"));
  sipcm::v1::DeleteEndpointRequest gone;
  gone.set_name("endpoints/alice");
  ASSERT_TRUE(catalogs_.endpoints.Delete(gone).ok());
  EXPECT_THAT(TakeLines(), ElementsAre("ENDPOINT_REMOVED endpoints/alice"));
}

TEST_F(CatalogEventsTest, AManagerThatIsForcedToGoTakesItsEndpointsAlongFirst) {
  ASSERT_TRUE(CreateManager("edge", R"({"kind": "SERVER_TCP"})").ok());
  ASSERT_TRUE(CreateEndpoint("alice", R"({"kind": "PEER_TO_PEER", "address": "sip:a@example.com",
                                          "connection_manager": "connectionManagers/edge"})")
                  .ok());
  events_.Take();
  sipcm::v1::DeleteConnectionManagerRequest gone;
  gone.set_name("connectionManagers/edge");
  gone.set_force(true);
  ASSERT_TRUE(catalogs_.managers.Delete(gone).ok());
  EXPECT_THAT(TakeLines(), ElementsAre("ENDPOINT_REMOVED endpoints/alice",
                                       "CONNECTION_MANAGER_REMOVED connectionManagers/edge"));
}

TEST_F(CatalogEventsTest, WhatIsToldIsWhatWouldBeAnswered) {
  ASSERT_TRUE(
      CreateEndpoint("alice", R"({"kind": "PEER_TO_PEER", "address": "sip:a@example.com"})").ok());
  std::vector<Event> told = events_.Take();
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].connection_manager().state(), ConnectionManager::IDLE);
  sipcm::v1::DeleteConnectionManagerRequest gone;
  gone.set_name(told[0].name());
  gone.set_force(true);
  ASSERT_TRUE(catalogs_.managers.Delete(gone).ok());
  told = events_.Take();
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].endpoint().state(), sipcm::v1::Endpoint::READY);
  EXPECT_EQ(told[0].endpoint().answer_timeout().seconds(), 8);
}

TEST_F(CatalogEventsTest, WhatIsOnlyValidatedOrRefusedIsNotTold) {
  ASSERT_TRUE(catalogs_.managers
                  .Create(FromJson<sipcm::v1::CreateConnectionManagerRequest>(
                      R"({"connection_manager_id": "edge", "validate_only": true,
                          "connection_manager": {"kind": "SERVER_TCP"}})"))
                  .ok());
  ASSERT_FALSE(
      CreateManager("edge", R"({"kind": "SERVER_TCP", "default_max_connection_count": -1})").ok());
  EXPECT_THAT(TakeLines(), IsEmpty());
}

TEST_F(CatalogEventsTest, AskedForItsStateACatalogueTellsAllItHas) {
  ASSERT_TRUE(CreateManager("edge", R"({"kind": "SERVER_TCP"})").ok());
  ASSERT_TRUE(CreateManager("core", R"({"kind": "SERVER_TCP"})").ok());
  catalogs_.managers.TellState(7);
  catalogs_.endpoints.TellState(8);
  const auto states = events_.TakeStates();
  ASSERT_EQ(states.size(), 2u);
  EXPECT_EQ(states[0].round, 7u);
  EXPECT_EQ(states[0].object_class, ObjectClass::kManager);
  ASSERT_EQ(states[0].existing.size(), 2u);
  EXPECT_EQ(states[0].existing[1].kind(), Event::EXISTING);
  EXPECT_EQ(states[0].existing[1].connection_manager().state(), ConnectionManager::IDLE);
  EXPECT_EQ(states[1].object_class, ObjectClass::kEndpoint);
  EXPECT_TRUE(states[1].existing.empty());
}

}  // namespace
}  // namespace sipcm::server
