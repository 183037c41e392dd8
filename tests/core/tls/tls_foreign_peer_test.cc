// TlsStream against peers that are not ours: other versions, other habits, and no TLS at all.

#include <memory>
#include <string>

#include "core/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/tls/raw_tls_peer.h"
#include "tests/core/tls/tls_pair.h"

namespace sipcm::tls {
namespace {

using ::testing::HasSubstr;
using Role = RawTlsPeer::Role;

class TlsForeignPeerTest : public ::testing::Test {
 protected:
  // The streams of one connection; ours is `inner`.
  void MakeStreams(const fakes::MemoryStreamOptions& options = {}) {
    auto [a, b] = fakes::MemoryStream::MakePair(
        {&loop_, *net::SocketAddress::Parse("192.0.2.1:40000")},
        {&loop_, *net::SocketAddress::Parse("192.0.2.7:5061")}, options);
    theirs_ = std::move(a);
    ours_ = std::move(b);
  }
  // Our server against a raw client, which is not started yet.
  void ServeRawClient() {
    MakeStreams();
    auto stream = TlsStream::Accept(&loop_, &gate_, sides_.ServerContext(), std::move(ours_));
    tls_ = stream.get();
    owner_ = std::make_unique<StreamOwner>(std::move(stream));
    owner_->Start();
    raw_ = std::make_unique<RawTlsPeer>(Role::kClient, std::move(theirs_));
  }
  // Our client against a raw server, which is not started yet.
  void CallRawServer() {
    MakeStreams();
    auto stream = TlsStream::Connect(&loop_, &gate_, sides_.ClientContext(), sides_.asked_host,
                                     std::move(ours_));
    tls_ = stream.get();
    owner_ = std::make_unique<StreamOwner>(std::move(stream));
    raw_ = std::make_unique<RawTlsPeer>(Role::kServer, std::move(theirs_));
    const pki::IssuedCertificate issued = sides_.root.Issue(sides_.server_options);
    raw_->Present(issued.chain_pem, issued.private_key_pem);
    owner_->Start();
  }
  // Our server, and somebody who sends `bytes` and, unless `open`, no more.
  void ServePlain(const std::string& bytes, bool open = true) {
    MakeStreams();
    auto stream = TlsStream::Accept(&loop_, &gate_, sides_.ServerContext(), std::move(ours_));
    owner_ = std::make_unique<StreamOwner>(std::move(stream));
    plain_ = std::make_unique<StreamOwner>(std::move(theirs_));
    owner_->Start();
    plain_->Start();
    plain_->Send(bytes);
    if (!open) plain_->stream()->CloseWrite();
    loop_.RunUntilIdle();
  }

  fakes::ManualEventLoop loop_;
  HandshakeGate gate_{&loop_};
  TlsSides sides_;
  std::unique_ptr<net::ByteStream> theirs_;
  std::unique_ptr<net::ByteStream> ours_;
  std::unique_ptr<StreamOwner> owner_;
  TlsStream* tls_ = nullptr;
  std::unique_ptr<RawTlsPeer> raw_;
  std::unique_ptr<StreamOwner> plain_;
};

TEST_F(TlsForeignPeerTest, SpeaksTls12WithForwardSecrecyAndMutualTls) {
  sides_.mutual_tls = MutualTls::kRequire;
  ServeRawClient();
  SSL_CTX_set_max_proto_version(raw_->context(), TLS1_2_VERSION);
  const pki::IssuedCertificate issued = sides_.root.Issue(sides_.client_options);
  raw_->Present(issued.chain_pem, issued.private_key_pem);
  raw_->Start();
  loop_.RunUntilIdle();
  ASSERT_TRUE(owner_->ready) << owner_->failure;
  EXPECT_EQ(tls_->peer_identity()->tls_version, "TLSv1.2");
  EXPECT_THAT(tls_->peer_identity()->cipher_suite, ::testing::StartsWith("ECDHE-ECDSA-"));
  EXPECT_EQ(tls_->peer_identity()->matched_allowed_domain, ".contoso.com");
  raw_->Send("hello");
  owner_->Send("world");
  loop_.RunUntilIdle();
  EXPECT_EQ(owner_->received, "hello");
  EXPECT_EQ(raw_->received(), "world");
}

TEST_F(TlsForeignPeerTest, TellsATls12ClientBeforeItIsReady) {
  sides_.mutual_tls = MutualTls::kRequire;
  ServeRawClient();
  SSL_CTX_set_max_proto_version(raw_->context(), TLS1_2_VERSION);
  raw_->Start();
  loop_.RunUntilIdle();
  EXPECT_EQ(tls_->refused_peer()->verdict.refusal, PeerRefusal::kNoCertificate);
  EXPECT_FALSE(raw_->done());
  EXPECT_THAT(raw_->fault(), HasSubstr("alert handshake failure"));
}

TEST_F(TlsForeignPeerTest, RefusesOlderVersionsAndCiphersWithoutForwardSecrecy) {
  ServeRawClient();
  SSL_CTX_set_min_proto_version(raw_->context(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(raw_->context(), TLS1_1_VERSION);
  raw_->Start();
  loop_.RunUntilIdle();
  EXPECT_EQ(ReasonOf(owner_->failure), "HANDSHAKE_FAILED");
  EXPECT_THAT(std::string(owner_->failure.message()), HasSubstr("unsupported protocol"));
  EXPECT_THAT(raw_->fault(), HasSubstr("protocol version"));

  ServeRawClient();
  SSL_CTX_set_max_proto_version(raw_->context(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(raw_->context(), "AES128-SHA:ECDHE-ECDSA-AES128-SHA");
  raw_->Start();
  loop_.RunUntilIdle();
  EXPECT_THAT(std::string(owner_->failure.message()), HasSubstr("no shared cipher"));
  EXPECT_THAT(raw_->fault(), HasSubstr("handshake failure"));
}

TEST_F(TlsForeignPeerTest, TakesTicketsFromAServerInItsStride) {
  CallRawServer();
  SSL_CTX_set_num_tickets(raw_->context(), 4);
  raw_->Start();
  loop_.RunUntilIdle();
  ASSERT_TRUE(owner_->ready) << owner_->failure;
  raw_->Send("hello");
  owner_->Send("world");
  loop_.RunUntilIdle();
  EXPECT_EQ(owner_->received, "hello");
  EXPECT_EQ(raw_->received(), "world");
}

TEST_F(TlsForeignPeerTest, AnswersKeyUpdatesAndEndsAFloodOfThem) {
  ServeRawClient();
  raw_->Start();
  loop_.RunUntilIdle();
  const auto update = [&] {
    SSL_key_update(raw_->ssl(), SSL_KEY_UPDATE_REQUESTED);
    SSL_do_handshake(raw_->ssl());
    raw_->Pump();
  };
  update();
  raw_->Send("a");
  owner_->Send("b");
  loop_.RunUntilIdle();
  EXPECT_EQ(owner_->received, "a");
  EXPECT_EQ(raw_->received(), "b");
  for (int i = 0; i < 32; ++i) update();
  loop_.RunUntilIdle();
  EXPECT_TRUE(owner_->broken.ok());
  raw_->Send("c");  // data between them starts the count anew
  for (int i = 0; i < 32; ++i) update();
  loop_.RunUntilIdle();
  EXPECT_TRUE(owner_->broken.ok());
  update();
  loop_.RunUntilIdle();
  EXPECT_EQ(ReasonOf(owner_->broken), "TLS_PROTOCOL_ERROR");
  EXPECT_THAT(std::string(owner_->broken.message()), HasSubstr("floods"));
}

TEST_F(TlsForeignPeerTest, RefusesToRenegotiate) {
  ServeRawClient();
  SSL_CTX_set_max_proto_version(raw_->context(), TLS1_2_VERSION);
  raw_->Start();
  loop_.RunUntilIdle();
  ASSERT_TRUE(owner_->ready);
  SSL_renegotiate(raw_->ssl());
  SSL_do_handshake(raw_->ssl());
  raw_->Pump();
  loop_.RunUntilIdle();
  EXPECT_FALSE(raw_->done());
  EXPECT_THAT(raw_->fault(), HasSubstr("no renegotiation"));
}

TEST_F(TlsForeignPeerTest, EightyJunkCertificatesAreRefused) {
  sides_.mutual_tls = MutualTls::kRequire;
  ServeRawClient();
  const pki::IssuedCertificate issued = sides_.root.Issue(sides_.client_options);
  std::string chain = issued.chain_pem;
  for (int i = 0; i < 10; ++i) chain += pki::IssueSelfSigned({.common_name = "junk"}).chain_pem;
  raw_->Present(chain, issued.private_key_pem);
  raw_->Start();
  loop_.RunUntilIdle();
  ASSERT_NE(tls_->refused_peer(), nullptr) << owner_->failure;
  EXPECT_EQ(tls_->refused_peer()->verdict.refusal, PeerRefusal::kChainTooLong);

  ServeRawClient();
  for (int i = 0; i < 70; ++i) chain += pki::IssueSelfSigned({.common_name = "junk"}).chain_pem;
  raw_->Present(chain, issued.private_key_pem);
  raw_->Start();
  loop_.RunUntilIdle();
  ASSERT_NE(tls_->refused_peer(), nullptr) << owner_->failure;
  EXPECT_EQ(tls_->refused_peer()->verdict.refusal, PeerRefusal::kChainTooLong);
  EXPECT_EQ(tls_->refused_peer()->verdict.explanation, RefuseTooLargeChain().explanation);
  EXPECT_EQ(ReasonOf(owner_->failure), "PEER_NOT_TRUSTED");
}

TEST_F(TlsForeignPeerTest, AWeakOrWronglySignedClientIsRefused) {
  sides_.mutual_tls = MutualTls::kRequire;
  ServeRawClient();
  pki::CertificateOptions options = sides_.client_options;
  options.key = pki::CertificateOptions::Key::kRsa1024;
  const pki::IssuedCertificate issued = sides_.root.Issue(options);
  raw_->Present(issued.chain_pem, issued.private_key_pem);
  raw_->Start();
  loop_.RunUntilIdle();
  ASSERT_NE(tls_->refused_peer(), nullptr) << owner_->failure;
  EXPECT_EQ(tls_->refused_peer()->verdict.refusal, PeerRefusal::kWeakKeyOrSignature);
}

TEST_F(TlsForeignPeerTest, NamesPlainSipHttpAndGarbageOnATlsPort) {
  const auto told = [&](const std::string& bytes) {
    ServePlain(bytes);
    EXPECT_EQ(ReasonOf(owner_->failure), "NOT_TLS") << owner_->failure;
    EXPECT_TRUE(plain_->ended);
    return std::string(owner_->failure.message());
  };
  EXPECT_THAT(told("OPTIONS sip:a@b SIP/2.0\r\n\r\n"), HasSubstr("SIP without TLS"));
  EXPECT_THAT(told("SIP/2.0 200 OK\r\n\r\n"), HasSubstr("SIP without TLS"));
  EXPECT_THAT(told("\r\n\r\n\r\n\r\n"), HasSubstr("SIP without TLS"));
  EXPECT_THAT(told("GET / HTTP/1.1\r\n\r\n"), HasSubstr("HTTP"));
  EXPECT_THAT(told("CONNECT x:1 HTTP/1.1\r\n\r\n"), HasSubstr("HTTP"));
  EXPECT_THAT(told(std::string("\x00\x01\x02\x03\x04\x05\x06\x07", 8)), HasSubstr("not TLS"));
  EXPECT_THAT(told("\x1b[31mhello"), HasSubstr("\\x1b[31m"));
}

TEST_F(TlsForeignPeerTest, NamesAServerThatDoesNotSpeakTls) {
  MakeStreams();
  auto stream = TlsStream::Connect(&loop_, &gate_, sides_.ClientContext(), "sip.example.org",
                                   std::move(ours_));
  owner_ = std::make_unique<StreamOwner>(std::move(stream));
  plain_ = std::make_unique<StreamOwner>(std::move(theirs_));
  owner_->Start();
  plain_->Start();
  plain_->Send("SIP/2.0 400 Bad Request\r\n\r\n");
  loop_.RunUntilIdle();
  EXPECT_EQ(ReasonOf(owner_->failure), "NOT_TLS");
  EXPECT_THAT(std::string(owner_->failure.message()), HasSubstr("\"sip.example.org\" (192.0.2.1"));
}

TEST_F(TlsForeignPeerTest, APeerThatLeavesHalfWayIsSaidToHaveLeft) {
  ServePlain(std::string("\x16\x03\x01\x02\x00\x01\x00", 7), /*open=*/false);
  EXPECT_EQ(ReasonOf(owner_->failure), "HANDSHAKE_FAILED");
  EXPECT_THAT(std::string(owner_->failure.message()), HasSubstr("closed the connection half-way"));
  ServePlain("", /*open=*/false);
  EXPECT_THAT(std::string(owner_->failure.message()), HasSubstr("closed the connection half-way"));
}

TEST_F(TlsForeignPeerTest, ASilentOrStalledPeerCostsNoTurns) {
  ServePlain(std::string("\x16\x03\x01\x02\x00\x01\x00", 7));
  EXPECT_FALSE(owner_->ready || owner_->failed);
  loop_.AdvanceBy(absl::Hours(1));  // who gives up is the owner
  EXPECT_FALSE(owner_->ready || owner_->failed);
}

TEST_F(TlsForeignPeerTest, TheAlertGetsOutEvenWhenTheStreamTakesItLate) {
  fakes::MemoryStreamOptions options;
  options.capacity = 3;
  MakeStreams(options);
  auto stream = TlsStream::Accept(&loop_, &gate_, sides_.ServerContext(), std::move(ours_));
  owner_ = std::make_unique<StreamOwner>(std::move(stream));
  plain_ = std::make_unique<StreamOwner>(std::move(theirs_));
  owner_->Start();
  plain_->Start();
  plain_->stream()->SetReading(false);
  // A ClientHello record whose content is no handshake message.
  plain_->Send(std::string("\x16\x03\x01\x00\x05\xff\x00\x00\x01\x00", 10));
  loop_.RunUntilIdle();
  EXPECT_FALSE(owner_->failed);  // the alert is still on its way
  plain_->stream()->SetReading(true);
  loop_.RunUntilIdle();
  EXPECT_TRUE(owner_->failed);
  ASSERT_EQ(plain_->received.size(), 7u);
  EXPECT_EQ(plain_->received[0], 21);  // alert
  EXPECT_EQ(plain_->received[5], 2);   // fatal
  EXPECT_TRUE(plain_->ended);
}

TEST_F(TlsForeignPeerTest, DamagedRecordsEndTheConnection) {
  ServeRawClient();
  raw_->Start();
  loop_.RunUntilIdle();
  ASSERT_TRUE(owner_->ready);
  raw_->stream()->Write(std::string("\x17\x03\x03\x00\x14", 5) + std::string(20, 'x'));
  loop_.RunUntilIdle();
  EXPECT_EQ(ReasonOf(owner_->broken), "TLS_PROTOCOL_ERROR");
  raw_->Pump();
  EXPECT_THAT(raw_->fault(), HasSubstr("alert bad record mac"));
}

}  // namespace
}  // namespace sipcm::tls
