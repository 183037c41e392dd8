#include "core/engine/reuse/connection_alias.h"

#include <optional>
#include <string>

#include "gtest/gtest.h"

namespace sipcm::engine {
namespace {

tls::PeerIdentity Verified() {
  tls::PeerIdentity peer;
  peer.verified = true;
  peer.subject = "CN=common.example";
  peer.dns_names = {"peer.example", "*.wild.example"};
  peer.uri_names = {"sip:domain.example", "sip:alice@user.example"};
  peer.ip_addresses = {"192.0.2.7"};
  return peer;
}

// The id of the pool whose requests the connection may carry; empty: none.
std::string Offered(const std::string& via_text, const tls::PeerIdentity& peer = Verified()) {
  sip::Via via;
  EXPECT_EQ(sip::ParseVia(via_text, &via), "") << via_text;
  const std::optional<pool::Destination> destination = AliasOf(via, peer);
  return destination.has_value() ? destination->PoolId() : "";
}

TEST(ConnectionAliasTest, AVerifiedPeerOffersWhatItsCertificateNames) {
  EXPECT_EQ(Offered("SIP/2.0/TLS peer.example:5071;branch=z9hG4bK1;alias"),
            "tls:peer.example:5071");
  EXPECT_EQ(Offered("SIP/2.0/TLS PEER.example.;branch=z9hG4bK1;alias"), "tls:peer.example:5061");
  EXPECT_EQ(Offered("SIP/2.0/TLS domain.example;alias;branch=z9hG4bK1"), "tls:domain.example:5061");
  EXPECT_EQ(Offered("SIP/2.0/TLS 192.0.2.7;branch=z9hG4bK1;alias"), "tls:192.0.2.7:5061");
}

TEST(ConnectionAliasTest, WithoutAliasNothingIsOffered) {
  EXPECT_EQ(Offered("SIP/2.0/TLS peer.example:5071;branch=z9hG4bK1"), "");
}

TEST(ConnectionAliasTest, WhatTheCertificateDoesNotNameIsNotThePeersToOffer) {
  for (const char* const host : {"victim.example", "sub.peer.example", "any.wild.example",
                                 "common.example", "user.example", "192.0.2.8"}) {
    EXPECT_EQ(Offered(std::string("SIP/2.0/TLS ") + host + ";branch=z9hG4bK1;alias"), "") << host;
  }
}

TEST(ConnectionAliasTest, AnUnauthenticatedPeersAliasIsIgnored) {
  tls::PeerIdentity peer = Verified();
  peer.verified = false;
  EXPECT_EQ(Offered("SIP/2.0/TLS peer.example;branch=z9hG4bK1;alias", peer), "");
}

TEST(ConnectionAliasTest, OnlyOverTls) {
  EXPECT_EQ(Offered("SIP/2.0/TCP peer.example;branch=z9hG4bK1;alias"), "");
}

}  // namespace
}  // namespace sipcm::engine
