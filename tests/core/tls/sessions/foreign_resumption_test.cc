// Sessions shared with OpenSSL's own client and server, of both versions of TLS.
#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "tests/core/tls/raw_tls_peer.h"
#include "tests/core/tls/tls_pair.h"

namespace sipcm::tls {
namespace {

using Role = RawTlsPeer::Role;

class ForeignResumptionTest : public ::testing::TestWithParam<int> {
 protected:
  void MakeStreams() {
    auto [a, b] =
        fakes::MemoryStream::MakePair({&loop_, *net::SocketAddress::Parse("192.0.2.1:40000")},
                                      {&loop_, *net::SocketAddress::Parse("192.0.2.7:5061")}, {});
    theirs_ = std::move(a);
    ours_ = std::move(b);
  }

  fakes::ManualEventLoop loop_;
  HandshakeGate gate_{&loop_};
  TlsSides sides_;
  std::unique_ptr<net::ByteStream> theirs_;
  std::unique_ptr<net::ByteStream> ours_;
};

TEST_P(ForeignResumptionTest, AClientOfOpensslResumesAsOftenAsItLikes) {
  const auto context = sides_.ServerContext();
  std::unique_ptr<SSL_SESSION, void (*)(SSL_SESSION*)> session(nullptr, SSL_SESSION_free);
  for (int i = 0; i < 3; ++i) {
    MakeStreams();
    auto stream = TlsStream::Accept(&loop_, &gate_, context, std::move(ours_));
    const TlsStream& tls = *stream;
    StreamOwner owner(std::move(stream));
    owner.Start();
    RawTlsPeer raw(Role::kClient, std::move(theirs_));
    SSL_CTX_set_max_proto_version(raw.context(), GetParam());
    raw.Start(session.get());
    loop_.RunUntilIdle();
    owner.Send("x");
    loop_.RunUntilIdle();
    ASSERT_TRUE(raw.done()) << raw.fault();
    EXPECT_EQ(tls.is_resumed(), i > 0) << i;
    EXPECT_EQ(SSL_session_reused(raw.ssl()) == 1, i > 0) << i;
    if (i == 0) session.reset(SSL_get1_session(raw.ssl()));
    EXPECT_EQ(SSL_SESSION_get_max_early_data(session.get()), 0u);  // nothing can be replayed
    SSL_set_shutdown(raw.ssl(), SSL_SENT_SHUTDOWN);  // else OpenSSL spoils its session
  }
}

TEST_P(ForeignResumptionTest, OurClientResumesWithAServerOfOpenssl) {
  const auto context = sides_.ClientContext();
  const auto offered = std::make_shared<OfferedSessions>();
  const pki::IssuedCertificate issued = sides_.root.Issue(sides_.server_options);
  RawTlsPeer::Tickets tickets;
  for (int i = 0; i < 3; ++i) {
    MakeStreams();
    auto stream =
        TlsStream::Connect(&loop_, &gate_, context, sides_.asked_host, std::move(ours_), offered);
    const TlsStream& tls = *stream;
    StreamOwner owner(std::move(stream));
    RawTlsPeer raw(Role::kServer, std::move(theirs_));
    raw.Present(issued.chain_pem, issued.private_key_pem);
    SSL_CTX_set_max_proto_version(raw.context(), GetParam());
    raw.ShareTickets(&tickets);
    owner.Start();
    raw.Start();
    loop_.RunUntilIdle();
    raw.Send("x");
    loop_.RunUntilIdle();
    ASSERT_EQ(owner.received, "x") << owner.failure << raw.fault();
    EXPECT_EQ(tls.is_resumed(), i > 0) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, ForeignResumptionTest,
                         ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const ::testing::TestParamInfo<int>& version) {
                           return version.param == TLS1_2_VERSION ? "Tls12" : "Tls13";
                         });

}  // namespace
}  // namespace sipcm::tls
