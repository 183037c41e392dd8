#include "server/event/event_filter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/error.h"
#include "server/event/resource_event.h"

namespace sipcm::server {
namespace {

using sipcm::v1::Event;
using sipcm::v1::WatchRequest;

WatchRequest Request(const std::vector<std::string>& names,
                     const std::vector<Event::Kind>& kinds = {}) {
  WatchRequest request;
  for (const std::string& name : names) request.add_names(name);
  for (const Event::Kind kind : kinds) request.add_kinds(kind);
  return request;
}

SharedEvent EndpointEvent(Event::Kind kind, const std::string& name) {
  sipcm::v1::Endpoint endpoint;
  endpoint.set_name(name);
  return SharedEvent(MakeEvent(kind, endpoint));
}

SharedEvent ConnectionEvent(Event::Kind kind, const std::string& name) {
  Event event;
  event.set_kind(kind);
  event.set_name(name);
  event.mutable_connection()->set_name(name);
  return SharedEvent(event);
}

TEST(EventFilterTest, WithoutNamesAndKindsEverythingIsWanted) {
  const auto filter = EventFilter::Parse({});
  ASSERT_TRUE(filter.ok());
  EXPECT_TRUE(filter->Wants(EndpointEvent(Event::ENDPOINT_ADDED, "endpoints/alice")));
  EXPECT_TRUE(filter->Wants(EndpointEvent(Event::EXISTING, "endpoints/alice")));
  EXPECT_TRUE(filter->Wants(SharedEvent(MakeServerEvent("it drains"))));
  EXPECT_EQ(filter->classes(), kAllClasses);
}

TEST(EventFilterTest, ANameMatchesItselfAndAPrefixWhatIsBelow) {
  const auto filter =
      EventFilter::Parse(Request({"endpoints/alice", "connectionManagers/edge/*", "server"}));
  ASSERT_TRUE(filter.ok()) << filter.status();
  EXPECT_TRUE(filter->Wants(EndpointEvent(Event::ENDPOINT_ADDED, "endpoints/alice")));
  EXPECT_FALSE(filter->Wants(EndpointEvent(Event::ENDPOINT_ADDED, "endpoints/alice2")));
  EXPECT_TRUE(filter->Wants(
      ConnectionEvent(Event::CONNECTION_CLOSED, "connectionManagers/edge/connections/1f")));
  EXPECT_FALSE(filter->Wants(
      ConnectionEvent(Event::CONNECTION_CLOSED, "connectionManagers/edge2/connections/1f")));
  EXPECT_TRUE(filter->Wants(SharedEvent(MakeServerEvent("it drains"))));
  EXPECT_EQ(filter->classes(), Only(ObjectClass::kEndpoint) | Only(ObjectClass::kPool) |
                                   Only(ObjectClass::kConnection));
}

TEST(EventFilterTest, APrefixOfACollectionHasItsChildrenToo) {
  const auto filter = EventFilter::Parse(Request({"connectionManagers/*"}));
  ASSERT_TRUE(filter.ok());
  EXPECT_TRUE(filter->Wants(
      ConnectionEvent(Event::CONNECTION_OPENED, "connectionManagers/edge/connections/1f")));
  EXPECT_FALSE(filter->Wants(EndpointEvent(Event::ENDPOINT_ADDED, "endpoints/alice")));
}

TEST(EventFilterTest, KindsSayWhichObjectsASnapshotHas) {
  const auto filter = EventFilter::Parse(Request({}, {Event::CONNECTION_CLOSED}));
  ASSERT_TRUE(filter.ok());
  EXPECT_EQ(filter->classes(), Only(ObjectClass::kConnection));
  EXPECT_TRUE(
      filter->Wants(ConnectionEvent(Event::EXISTING, "connectionManagers/a/connections/1")));
  EXPECT_TRUE(filter->Wants(
      ConnectionEvent(Event::CONNECTION_CLOSED, "connectionManagers/a/connections/1")));
  EXPECT_FALSE(filter->Wants(
      ConnectionEvent(Event::CONNECTION_OPENED, "connectionManagers/a/connections/1")));
  EXPECT_FALSE(filter->Wants(EndpointEvent(Event::EXISTING, "endpoints/alice")));
}

TEST(EventFilterTest, WhatOnlyHappensHasNothingThatExists) {
  const auto filter = EventFilter::Parse(
      Request({}, {Event::PEER_REFUSED, Event::CONNECTION_FAILED, Event::SERVER_STATE}));
  ASSERT_TRUE(filter.ok());
  EXPECT_EQ(filter->classes(), 0u);
}

TEST(EventFilterTest, OfThrottlingExistsWhatIsThrottled) {
  const auto filter = EventFilter::Parse(Request({}, {Event::THROTTLING_STARTED}));
  ASSERT_TRUE(filter.ok());
  EXPECT_EQ(filter->classes(), Only(ObjectClass::kManager) | Only(ObjectClass::kConnection));
  Event connection;
  connection.set_kind(Event::EXISTING);
  connection.set_name("connectionManagers/edge/connections/1");
  connection.mutable_connection()->set_throttled(false);
  EXPECT_FALSE(filter->Wants(SharedEvent(connection)));
  connection.mutable_connection()->set_throttled(true);
  EXPECT_TRUE(filter->Wants(SharedEvent(connection)));
  connection.mutable_connection()->set_throttled(false);
  connection.mutable_connection()->set_client_throttled(true);
  EXPECT_TRUE(filter->Wants(SharedEvent(connection)));
  Event manager;
  manager.set_kind(Event::EXISTING);
  manager.set_name("connectionManagers/edge");
  manager.mutable_connection_manager()->mutable_statistics()->set_message_throttled(true);
  EXPECT_TRUE(filter->Wants(SharedEvent(manager)));
  const auto named =
      EventFilter::Parse(Request({"connectionManagers/edge"}, {Event::THROTTLING_ENDED}));
  EXPECT_EQ(named->classes(), Only(ObjectClass::kManager));
}

TEST(EventFilterTest, WhatIsNoNameAndNoPrefixIsRefusedWithItsIndex) {
  for (const std::string bad :
       {"", "*", "alice", "endpoints", "endpoints/", "endpoints/*/x", "endpoints/a*",
        "connectionManagers/edge/things/1", "connectionManagers/edge/", "things/1", "server/*",
        "connectionManagers/*/connections/*", "connectionManagers/edge/connections"}) {
    const auto filter = EventFilter::Parse(Request({"endpoints/alice", bad}));
    ASSERT_FALSE(filter.ok()) << bad;
    EXPECT_EQ(ReasonOf(filter.status()), "INVALID_NAME") << bad;
    EXPECT_EQ(FieldOf(filter.status()), "names[1]") << bad;
  }
}

TEST(EventFilterTest, AHundredNamesAreTheMostAndUnknownKindsAndStartsAreRefused) {
  EXPECT_TRUE(EventFilter::Parse(Request(std::vector<std::string>(100, "endpoints/a"))).ok());
  const auto many = EventFilter::Parse(Request(std::vector<std::string>(101, "endpoints/a")));
  EXPECT_EQ(FieldOf(many.status()), "names");
  EXPECT_EQ(ReasonOf(many.status()), "FIELD_OUT_OF_RANGE");
  const auto kind =
      EventFilter::Parse(Request({}, {Event::POOL_ADDED, static_cast<Event::Kind>(99)}));
  EXPECT_EQ(FieldOf(kind.status()), "kinds[1]");
  WatchRequest start;
  start.set_start(static_cast<WatchRequest::Start>(7));
  EXPECT_EQ(FieldOf(EventFilter::Parse(start).status()), "start");
}

}  // namespace
}  // namespace sipcm::server
