// Two connections, one at each end of a TLS stream, with real certificates.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/error.h"
#include "core/connection/connection.h"
#include "core/tls/allowed_domains.h"
#include "core/tls/credential.h"
#include "core/tls/handshake_gate.h"
#include "core/tls/peer_identity.h"
#include "core/tls/tls_context.h"
#include "core/tls/tls_stream.h"
#include "core/tls/trust_bundle.h"
#include "gtest/gtest.h"
#include "tests/fakes/manual_event_loop.h"
#include "tests/fakes/memory_stream.h"
#include "tests/pki/certificate_authority.h"

namespace sipcm::connection {
namespace {

constexpr absl::string_view kOptions =
    "OPTIONS sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TLS h;branch=z9hG4bK1\r\n"
    "Max-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: 1\r\n"
    "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";

// One end, and what it was told.
struct End final : ConnectionListener {
  void OnEstablished(Connection&) override { established = true; }
  void OnMessage(Connection& told, const sip::MessageView&) override {
    ++messages;
    if (told.direction() == Direction::kIncoming) told.Send(kOptions);
  }
  void OnMalformed(Connection&, const sip::MessageView&, const sip::ParseVerdict&) override {}
  void OnClosed(Connection& told, CloseReason why, const absl::Status& words) override {
    reason = why;
    detail = words;
    had_refusal = told.tls() != nullptr && told.tls()->refused_peer() != nullptr;
    connection = nullptr;
  }

  std::unique_ptr<Connection> connection;
  bool established = false;
  bool had_refusal = false;
  int messages = 0;
  std::optional<CloseReason> reason;
  absl::Status detail;
};

class ConnectionTlsTest : public ::testing::Test {
 protected:
  ~ConnectionTlsTest() override {
    server_.connection = nullptr;
    client_.connection = nullptr;
  }

  std::shared_ptr<const tls::Credential> Issue(const std::string& name) const {
    const pki::IssuedCertificate issued = root_.Issue({.common_name = name, .dns_names = {name}});
    auto credential = tls::Credential::FromPem("certificates/x", "1", issued.chain_pem,
                                               issued.private_key_pem, loop_.WallNow());
    SIPCM_CHECK(credential.ok());
    return *std::move(credential);
  }
  tls::PeerPolicy Policy(const std::string& allowed) const {
    auto bundle = tls::TrustBundle::FromPem("trustBundles/x", "1", root_.certificate_pem(), "",
                                            tls::CrlCheck::kLeafIfAny, tls::StaleCrl::kRefuse);
    SIPCM_CHECK(bundle.ok());
    std::vector<tls::AllowedDomain> entries;
    entries.push_back({*tls::AllowedDomainPattern::Parse(allowed),
                       tls::AllowedDomain::Origin::kConfigured, absl::InfiniteFuture(), nullptr});
    tls::PeerPolicy policy;
    policy.trust_bundle = *std::move(bundle);
    policy.allowed_domains = std::make_shared<tls::AllowedDomains>(std::move(entries));
    return policy;
  }

  // The server sip.example.org lets in what fits `allowed`; the client edge.contoso.com asks for
  // `asked`. With `plain` the client speaks no TLS.
  void Connect(const std::string& allowed, const std::string& asked, bool plain = false) {
    auto [a, b] = fakes::MemoryStream::MakePair(
        {&loop_, *net::SocketAddress::Parse("192.0.2.1:40000")},
        {&loop_, *net::SocketAddress::Parse("192.0.2.7:5061")}, memory_);
    client_end_ = a.get();
    auto server_context = tls::ServerTlsContext::Create(Issue("sip.example.org"),
                                                        tls::MutualTls::kRequire, Policy(allowed));
    auto client_context =
        tls::ClientTlsContext::Create(Policy("localhost"), Issue("edge.contoso.com"));
    SIPCM_CHECK(server_context.ok() && client_context.ok());
    auto server = tls::TlsStream::Accept(&loop_, &gate_, *server_context, std::move(b));
    tls::TlsStream* const server_tls = server.get();
    Start(&server_, Direction::kIncoming, std::move(server), server_tls);
    if (plain) return Start(&client_, Direction::kOutgoing, std::move(a), nullptr);
    auto client = tls::TlsStream::Connect(&loop_, &gate_, *client_context, asked, std::move(a));
    tls::TlsStream* const client_tls = client.get();
    Start(&client_, Direction::kOutgoing, std::move(client), client_tls);
  }
  void ConnectWell() {
    Connect(".contoso.com", "sip.example.org");
    loop_.RunUntilIdle();
    ASSERT_TRUE(server_.established && client_.established)
        << server_.detail << " / " << client_.detail;
  }

  fakes::ManualEventLoop loop_;
  tls::HandshakeGate gate_{&loop_};
  ConnectionEnvironment environment_{&loop_};
  const pki::CertificateAuthority root_{"Root"};
  ConnectionSettings settings_;
  fakes::MemoryStreamOptions memory_;
  fakes::MemoryStream* client_end_ = nullptr;
  End server_;
  End client_;

 private:
  void Start(End* end, Direction direction, std::unique_ptr<net::ByteStream> stream,
             tls::TlsStream* tls) {
    end->connection = std::make_unique<Connection>(
        ConnectionId(0, 1), direction, Transport::kTls, std::move(stream), tls,
        std::make_shared<const ConnectionSettings>(settings_), &environment_);
    end->connection->Start(end);
  }
};

TEST_F(ConnectionTlsTest, MessagesFlowAndBothKnowThePeer) {
  ConnectWell();
  EXPECT_EQ(server_.connection->peer()->matched_allowed_domain, ".contoso.com");
  EXPECT_TRUE(client_.connection->peer()->verified);
  client_.connection->Send(kOptions);
  loop_.RunTurn();
  loop_.RunUntilIdle();
  EXPECT_EQ(server_.messages, 1);
  EXPECT_EQ(client_.messages, 1);
}

TEST_F(ConnectionTlsTest, AClientOutsideTheAllowedDomainsIsNotAllowedAndNothingOfItIsParsed) {
  Connect(".fabrikam.com", "sip.example.org");
  loop_.RunUntilIdle();
  ASSERT_TRUE(server_.reason.has_value());
  EXPECT_EQ(CloseReasonName(*server_.reason), "not_allowed") << server_.detail;
  EXPECT_EQ(ReasonOf(server_.detail), "PEER_NOT_ALLOWED");
  EXPECT_TRUE(server_.had_refusal);
  EXPECT_EQ(server_.messages, 0);
  // TLS 1.3 tells a refused client after its handshake.
  ASSERT_TRUE(client_.reason.has_value());
  EXPECT_EQ(CloseReasonName(*client_.reason), "handshake_failed") << client_.detail;
}

TEST_F(ConnectionTlsTest, AServerOfAnotherNameIsNotAllowed) {
  Connect(".contoso.com", "sip.example.com");
  loop_.RunUntilIdle();
  ASSERT_TRUE(client_.reason.has_value());
  EXPECT_EQ(CloseReasonName(*client_.reason), "not_allowed") << client_.detail;
  EXPECT_EQ(ReasonOf(client_.detail), "PEER_NAME_MISMATCH");
  EXPECT_FALSE(client_.established);
  ASSERT_TRUE(server_.reason.has_value());
  EXPECT_EQ(CloseReasonName(*server_.reason), "handshake_failed") << server_.detail;
}

TEST_F(ConnectionTlsTest, PlainSipToATlsPortIsAFailedHandshake) {
  Connect(".contoso.com", "sip.example.org", /*plain=*/true);
  loop_.RunUntilIdle();
  client_.connection->Send(kOptions);
  loop_.AdvanceBy(absl::Milliseconds(900));
  ASSERT_TRUE(server_.reason.has_value());
  EXPECT_EQ(CloseReasonName(*server_.reason), "handshake_failed") << server_.detail;
  EXPECT_EQ(server_.messages, 0);
}

TEST_F(ConnectionTlsTest, ClosingInOrderIsSeenAsSuch) {
  ConnectWell();
  server_.connection->Close(CloseReason::kAdmin);
  loop_.RunUntilIdle();
  ASSERT_TRUE(client_.reason.has_value());
  EXPECT_EQ(CloseReasonName(*client_.reason), "peer_closed") << client_.detail;
}

TEST_F(ConnectionTlsTest, AnEndWithoutCloseNotifyIsTruncation) {
  ConnectWell();
  client_end_->CloseWrite();  // below TLS
  loop_.RunUntilIdle();
  ASSERT_TRUE(server_.reason.has_value());
  EXPECT_EQ(CloseReasonName(*server_.reason), "truncated") << server_.detail;
}

TEST_F(ConnectionTlsTest, AnEndInsideAMessageIsTruncationAndNeverDispatched) {
  ConnectWell();
  client_.connection->Send(kOptions.substr(0, 60));
  client_.connection->CloseAfterFlush(CloseReason::kAdmin);
  loop_.RunUntilIdle();
  ASSERT_TRUE(server_.reason.has_value());
  EXPECT_EQ(CloseReasonName(*server_.reason), "truncated") << server_.detail;
  EXPECT_EQ(server_.messages, 0);
}

// A record is encrypted whole: what the socket has no room for waits inside the stream.
TEST_F(ConnectionTlsTest, CloseAfterFlushWaitsForTheRecordThatTheSocketHadNoRoomFor) {
  memory_.capacity = 4096;
  ConnectWell();
  std::string large(kOptions);
  large.replace(large.find("Content-Length: 0"), 17, "Content-Length: 12000");
  large.append(12000, 'x');
  client_.connection->Send(large);
  client_.connection->CloseAfterFlush(CloseReason::kAdmin);
  loop_.RunUntilIdle();
  EXPECT_EQ(server_.messages, 1);
  ASSERT_TRUE(server_.reason.has_value());
  EXPECT_EQ(CloseReasonName(*server_.reason), "peer_closed") << server_.detail;
  EXPECT_EQ(CloseReasonName(*client_.reason), "admin");
}

TEST_F(ConnectionTlsTest, ARecordThatNobodyReadsEndsAtTheWriteStallLimit) {
  memory_.capacity = 4096;
  ConnectWell();
  server_.connection->SetReading(false);
  std::string large(kOptions);
  large.replace(large.find("Content-Length: 0"), 17, "Content-Length: 12000");
  large.append(12000, 'x');
  client_.connection->Send(large);
  client_.connection->CloseAfterFlush(CloseReason::kAdmin);
  loop_.AdvanceBy(settings_.write_stall_timeout - absl::Nanoseconds(1));
  EXPECT_FALSE(client_.reason.has_value());
  loop_.AdvanceBy(absl::Nanoseconds(1));
  EXPECT_TRUE(client_.reason.has_value());
}

TEST_F(ConnectionTlsTest, AClientThatSaysNothingIsClosedAtTheHandshakeLimit) {
  Connect(".contoso.com", "sip.example.org", /*plain=*/true);
  loop_.AdvanceBy(settings_.handshake_timeout - absl::Nanoseconds(1));
  EXPECT_FALSE(server_.reason.has_value());
  loop_.AdvanceBy(absl::Nanoseconds(1));
  ASSERT_TRUE(server_.reason.has_value());
  EXPECT_EQ(CloseReasonName(*server_.reason), "handshake_timeout");
}

}  // namespace
}  // namespace sipcm::connection
