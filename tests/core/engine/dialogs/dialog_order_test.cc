#include "core/engine/dialogs/dialog_order.h"

#include <vector>

#include "core/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sipcm::engine {
namespace {

class DialogOrderTest : public ::testing::Test {
 protected:
  DialogOrderTest() {
    config_.kind = ManagerKind::kServerTls;
    dialog_.flow = connection::ConnectionId(1, 7);
    dialog_.remote_target = "sip:bob@192.0.2.8:5061;transport=tls";
    dialog_.verified_name = "edge.contoso.com";
    order_.method = "INFO";
  }
  absl::Status Fill() { return FillInDialog(config_, &dialog_, &order_, &flow_); }

  ManagerConfig config_;
  dialog::Dialog dialog_;
  SendOrder order_;
  connection::ConnectionId flow_;
};

TEST_F(DialogOrderTest, AnAddressIsVerifiedByTheNameThatThePeerProvedBefore) {
  ASSERT_TRUE(Fill().ok());
  EXPECT_EQ(flow_, dialog_.flow);
  ASSERT_TRUE(order_.destination.has_value());
  EXPECT_EQ(order_.destination->host, "192.0.2.8");
  EXPECT_EQ(order_.destination->tls_name, "edge.contoso.com");
}

TEST_F(DialogOrderTest, ANameIsVerifiedAsItIs) {
  dialog_.routes = "<sip:proxy.contoso.com:5061;transport=tls;lr>";
  ASSERT_TRUE(Fill().ok());
  EXPECT_EQ(order_.destination->host, "proxy.contoso.com");
  EXPECT_EQ(order_.destination->tls_name, "");
}

TEST_F(DialogOrderTest, ATargetIsThePeerThatProvedItsName) {
  dialog_.remote_target = "sip:bob@host7.contoso.com:5061;transport=tls";
  ASSERT_TRUE(Fill().ok());
  EXPECT_EQ(order_.destination->host, "host7.contoso.com");
  EXPECT_EQ(order_.destination->tls_name, "edge.contoso.com");
}

TEST_F(DialogOrderTest, WhoProvedItsNameIsNotSpokenToWithoutTls) {
  config_.kind = ManagerKind::kClient;
  dialog_.remote_target = "sip:bob@192.0.2.8";
  ASSERT_TRUE(Fill().ok());
  EXPECT_EQ(flow_, dialog_.flow);
  EXPECT_FALSE(order_.destination.has_value());
}

TEST_F(DialogOrderTest, AnAckHasTheCredentialsOfItsInviteUnlessTheApplicationGivesSome) {
  dialog_.our_invite = 1;
  dialog_.credentials = {{"Authorization", "Digest a"}, {"Proxy-Authorization", "Digest b"}};
  order_.method = "ACK";
  order_.message.headers = {{"Authorization", "Digest mine"}};
  ASSERT_TRUE(Fill().ok());
  EXPECT_EQ(GivenHeader(order_, sip::HeaderId::kAuthorization), "Digest mine");
  EXPECT_EQ(GivenHeader(order_, sip::HeaderId::kProxyAuthorization), "Digest b");
  order_ = SendOrder();
  order_.method = "BYE";
  ASSERT_TRUE(Fill().ok());
  EXPECT_EQ(GivenHeader(order_, sip::HeaderId::kAuthorization), "");
}

TEST_F(DialogOrderTest, AnAckAnswersEachProxyThatItsInviteAnswered) {
  dialog_.our_invite = 1;
  dialog_.credentials = {{"Proxy-Authorization", "Digest a"}, {"Proxy-Authorization", "Digest b"}};
  order_.method = "ACK";
  ASSERT_TRUE(Fill().ok());
  const auto& headers = order_.message.headers;
  ASSERT_GE(headers.size(), 2u);
  EXPECT_EQ(std::vector(headers.end() - 2, headers.end()), dialog_.credentials);
}

TEST_F(DialogOrderTest, WithoutANameThatWasProvedAnAddressStandsForItself) {
  dialog_.verified_name.clear();
  ASSERT_TRUE(Fill().ok());
  EXPECT_EQ(order_.destination->tls_name, "");
}

TEST_F(DialogOrderTest, OverTcpNothingIsVerified) {
  config_.kind = ManagerKind::kServerTcp;
  dialog_.verified_name.clear();
  dialog_.remote_target = "sip:bob@192.0.2.8";
  ASSERT_TRUE(Fill().ok());
  EXPECT_EQ(order_.destination->tls_name, "");
}

TEST_F(DialogOrderTest, WhatTheApplicationSaysGoesBeforeTheFlow) {
  order_.connection = connection::ConnectionId(0, 4);
  ASSERT_TRUE(Fill().ok());
  EXPECT_FALSE(flow_.is_valid());
  EXPECT_FALSE(order_.destination.has_value());
  order_ = SendOrder();
  order_.method = "INFO";
  order_.destination.emplace();
  order_.destination->host = "Other.Example.NET";
  order_.destination->transport = connection::Transport::kTls;
  ASSERT_TRUE(Fill().ok());
  EXPECT_FALSE(flow_.is_valid());
  EXPECT_EQ(order_.destination->host, "other.example.net");
}

TEST_F(DialogOrderTest, ADestinationThatIsNoneLeavesTheDialogAsItWas) {
  order_.destination.emplace();
  order_.destination->host = "a..b";
  dialog_.local_cseq = 4;
  EXPECT_EQ(Fill().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(dialog_.local_cseq, 4u);
}

TEST_F(DialogOrderTest, ATargetThatIsNoPlaceLeavesOnlyTheFlow) {
  dialog_.remote_target = "tel:+15550100";
  ASSERT_TRUE(Fill().ok());
  EXPECT_TRUE(flow_.is_valid());
  EXPECT_FALSE(order_.destination.has_value());
}

TEST_F(DialogOrderTest, AContactThatTheApplicationGivesIsTheOnlyOne) {
  dialog_.contact = "<sip:first@192.0.2.1>";
  order_.method = "UPDATE";
  order_.message.headers = {{"m", "<sip:second@192.0.2.1>"}};
  ASSERT_TRUE(Fill().ok());
  int contacts = 0;
  for (const auto& [name, value] : order_.message.headers) {
    contacts += sip::LookupHeader(name) == sip::HeaderId::kContact ? 1 : 0;
  }
  EXPECT_EQ(contacts, 1);
  EXPECT_EQ(GivenHeader(order_, sip::HeaderId::kContact), "<sip:second@192.0.2.1>");
}

}  // namespace
}  // namespace sipcm::engine
