#include "core/engine/registered/registered_order.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipcm::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using Headers = std::vector<std::pair<std::string, std::string>>;

registration::RegistrationStatus Status() {
  registration::RegistrationStatus status;
  status.state = registration::RegistrationState::kRegistered;
  status.contact_uri = "sip:alice@192.0.2.1:40000;transport=tcp;ob";
  return status;
}

Headers Added(const registration::RegistrationStatus& status, const std::string& method,
              Headers given = {}) {
  SendOrder order;
  order.method = method;
  order.message.headers = given;
  AddRegistration(status, &order);
  return Headers(order.message.headers.begin() + static_cast<long>(given.size()),
                 order.message.headers.end());
}

TEST(RegisteredOrderTest, TheServiceRouteIsPreloadedInOrder) {
  registration::RegistrationStatus status = Status();
  status.service_routes = {"sip:p1;lr", "sip:p2;lr"};
  EXPECT_THAT(Added(status, "MESSAGE"),
              ElementsAre(Pair("Route", "<sip:p1;lr>"), Pair("Route", "<sip:p2;lr>")));
}

TEST(RegisteredOrderTest, ADialogHasARouteOfItsOwn) {
  registration::RegistrationStatus status = Status();
  status.service_routes = {"sip:p1;lr"};
  EXPECT_THAT(Added(status, "BYE", {{"To", "<sip:bob@b>;tag=1"}}), IsEmpty());
  EXPECT_THAT(Added(status, "INFO", {{"t", "<sip:bob@b>"}}),
              ElementsAre(Pair("Route", "<sip:p1;lr>")));
}

TEST(RegisteredOrderTest, WhatTheApplicationGaveStays) {
  registration::RegistrationStatus status = Status();
  status.service_routes = {"sip:p1;lr"};
  status.public_gruu = "sip:alice@example.com;gr=1";
  EXPECT_THAT(Added(status, "INVITE", {{"route", "<sip:mine;lr>"}, {"m", "<sip:me@here>"}}),
              IsEmpty());
}

TEST(RegisteredOrderTest, WhatMayStartADialogLeadsBackByTheGruu) {
  registration::RegistrationStatus status = Status();
  EXPECT_THAT(Added(status, "INVITE"),
              ElementsAre(Pair("Contact", "<sip:alice@192.0.2.1:40000;transport=tcp;ob>")));
  status.public_gruu = "sip:alice@example.com;gr=1";
  EXPECT_THAT(
      Added(status, "SUBSCRIBE"),
      ElementsAre(Pair("Contact", "<sip:alice@example.com;gr=1>"), Pair("Supported", "gruu")));
  EXPECT_THAT(Added(status, "INVITE", {{"Supported", "timer"}}),
              ElementsAre(Pair("Contact", "<sip:alice@example.com;gr=1>")));
  EXPECT_THAT(Added(status, "MESSAGE"), IsEmpty());
}

TEST(RegisteredOrderTest, ADialogThatIsNamedSaysAllItself) {
  registration::RegistrationStatus status = Status();
  status.service_routes = {"sip:p1;lr"};
  SendOrder order;
  order.method = "INVITE";
  order.dialog = dialog::DialogId::FromValue(1);
  AddRegistration(status, &order);
  EXPECT_THAT(order.message.headers, IsEmpty());
}

TEST(RegisteredOrderTest, RawStaysAsItIs) {
  registration::RegistrationStatus status = Status();
  status.service_routes = {"sip:p1;lr"};
  SendOrder order;
  order.message.raw = "INVITE sip:bob@b SIP/2.0\r\n\r\n";
  AddRegistration(status, &order);
  EXPECT_THAT(order.message.headers, IsEmpty());
}

}  // namespace
}  // namespace sipcm::engine
