#include "server/messaging/conversion/delivery_conversion.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "core/tls/peer_identity.h"
#include "tests/server/messaging/test_deliveries.h"

namespace sipcm::server {
namespace {

v1::Delivery Convert(const dispatch::Delivery& delivery, View view,
                     PeerDetail peer = PeerDetail::kFull) {
  v1::Delivery out;
  FillDelivery(delivery, {.view = view, .peer_detail = peer, .subscription_id = 3}, &out);
  return out;
}

TEST(DeliveryConversionTest, RawCarriesTheBytesAndTheStartLine) {
  const std::string text = SipRequestText("MESSAGE", "hello");
  const v1::Delivery out = Convert(MakeDelivery(0xabc, text), View::kRaw);
  EXPECT_EQ(out.subscription_id(), 3);
  const v1::RequestDelivery& request = out.request();
  EXPECT_EQ(request.request_id(), "0000000000000abc");
  EXPECT_EQ(request.endpoint(), "endpoints/alice");
  EXPECT_EQ(request.connection(), "connectionManagers/edge/connections/1f");
  EXPECT_EQ(request.peer().address().host(), "192.0.2.7");
  EXPECT_EQ(request.peer().address().port(), 5071);
  EXPECT_EQ(request.reason(), v1::REQUEST_URI_ADDRESS);
  EXPECT_EQ(request.attempt(), 1);
  EXPECT_EQ(request.attempt_reason(), v1::RequestDelivery::FIRST_ATTEMPT);
  EXPECT_EQ(request.expire_time().seconds(), 1'800'000'000);
  EXPECT_EQ(request.expire_time().nanos(), 250'000'000);
  EXPECT_EQ(request.request().raw(), text);
  EXPECT_EQ(request.request().method(), "MESSAGE");
  EXPECT_EQ(request.request().request_uri(), "sip:alice@example.com");
  EXPECT_EQ(request.request().headers_size(), 0);
  EXPECT_TRUE(request.request().body().empty());
}

TEST(DeliveryConversionTest, ParsedGivesEveryHeaderInOrderWithFullNamesAndJoinedFolds) {
  const std::string text =
      SipRequestText("MESSAGE", "hello", "Subject: one\r\n  two\r\nX-Odd: J\xFCrgen\r\n");
  const v1::Delivery out = Convert(MakeDelivery(1, text), View::kParsed);
  const v1::SipRequest& request = out.request().request();
  EXPECT_TRUE(request.raw().empty());
  EXPECT_EQ(request.body(), "hello");
  ASSERT_EQ(request.headers_size(), 9);
  EXPECT_EQ(request.headers(0).name(), "Via");
  EXPECT_EQ(request.headers(0).value(), "SIP/2.0/TCP client.example.net;branch=z9hG4bKtest");
  EXPECT_EQ(request.headers(1).name(), "Max-Forwards");
  EXPECT_EQ(request.headers(6).name(), "Subject");
  EXPECT_EQ(request.headers(6).value(), "one two");
  EXPECT_EQ(request.headers(7).value(), "J\xEF\xBF\xBDrgen");
  EXPECT_EQ(request.headers(8).value(), "5");
}

TEST(DeliveryConversionTest, PeerDetailNoneLeavesThePeerOut) {
  EXPECT_FALSE(Convert(MakeDelivery(1), View::kRaw, PeerDetail::kNone).request().has_peer());
}

TEST(DeliveryConversionTest, TheVerifiedIdentityGoesWithTheRequest) {
  dispatch::Delivery delivery = MakeDelivery(1);
  auto identity = std::make_shared<tls::PeerIdentity>();
  identity->subject = "CN=edge.contoso.com";
  identity->dns_names = {"edge.contoso.com"};
  identity->verified = true;
  identity->matched_allowed_domain = ".contoso.com";
  auto record = std::make_shared<dispatch::RequestRecord>();
  record->bytes = delivery.request->bytes;
  record->view.CopyIndexFrom(delivery.request->view, record->bytes.data());
  record->peer = identity;
  delivery.request = record;
  const v1::Delivery out = Convert(delivery, View::kRaw);
  EXPECT_TRUE(out.request().peer().verified());
  EXPECT_EQ(out.request().peer().matched_allowed_domain(), ".contoso.com");
  EXPECT_EQ(out.request().peer().dns_names(0), "edge.contoso.com");
}

TEST(DeliveryConversionTest, ALaterAttemptSaysWhy) {
  dispatch::Delivery delivery = MakeDelivery(1);
  delivery.attempt = 2;
  using dispatch::AttemptReason;
  for (const auto& [reason, told] : std::vector<std::pair<AttemptReason, int>>{
           {AttemptReason::kSubscriptionLost, v1::RequestDelivery::SUBSCRIPTION_LOST},
           {AttemptReason::kDialogOwnerLost, v1::RequestDelivery::DIALOG_OWNER_LOST},
           {AttemptReason::kResumed, v1::RequestDelivery::RESUMED}}) {
    delivery.attempt_reason = reason;
    const v1::Delivery out = Convert(delivery, View::kRaw);
    EXPECT_EQ(out.request().attempt(), 2);
    EXPECT_EQ(out.request().attempt_reason(), told);
  }
}

TEST(DeliveryConversionTest, AnAckHasNoExpireTime) {
  const v1::Delivery out = Convert(MakeDelivery(1, SipRequestText("ACK")), View::kRaw);
  EXPECT_FALSE(out.request().has_expire_time());
}

TEST(DeliveryConversionTest, NoticesNameTheirRequest) {
  using Kind = dispatch::Delivery::Kind;
  const v1::Delivery cancelled = Convert(MakeNotice(Kind::kCancelled, 5), View::kRaw);
  EXPECT_EQ(cancelled.cancelled().request_id(), "0000000000000005");
  EXPECT_EQ(cancelled.cancelled().endpoint(), "endpoints/alice");
  const v1::Delivery expired = Convert(MakeNotice(Kind::kExpired, 6), View::kRaw);
  EXPECT_EQ(expired.expired().request_id(), "0000000000000006");
  EXPECT_EQ(expired.expired().status_code(), 500);
}

TEST(DeliveryConversionTest, AMessageUsedAgainKeepsNothingOfTheOneBefore) {
  v1::Delivery out;
  FillDelivery(MakeDelivery(1, SipRequestText("MESSAGE", "hello")),
               {.view = View::kRaw, .subscription_id = 1}, &out);
  out.Clear();
  FillDelivery(MakeDelivery(2), {.view = View::kRaw, .peer_detail = PeerDetail::kNone}, &out);
  v1::Delivery fresh;
  FillDelivery(MakeDelivery(2), {.view = View::kRaw, .peer_detail = PeerDetail::kNone}, &fresh);
  EXPECT_EQ(out.SerializeAsString(), fresh.SerializeAsString());
}

}  // namespace
}  // namespace sipcm::server
