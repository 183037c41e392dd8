#include "core/tls/sessions/session_cache.h"

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/tls/sessions/offered_sessions.h"
#include "gtest/gtest.h"
#include "tests/core/tls/tls_fixture.h"

namespace sipcm::tls {
namespace {

// A session as a TLS 1.3 handshake leaves it, with this id.
SessionState StateOf(const std::string& id) {
  const OpensslHandle<ssl_ctx_st> context(SSL_CTX_new(TLS_method()));
  const OpensslHandle<ssl_st> ssl(SSL_new(context.get()));
  const OpensslHandle<ssl_session_st> session(SSL_SESSION_new());
  const unsigned char aes_128_gcm[] = {0x13, 0x01};
  const unsigned char secret[32] = {1};
  SIPCM_CHECK(SSL_SESSION_set_protocol_version(session.get(), TLS1_3_VERSION) == 1);
  SIPCM_CHECK(SSL_SESSION_set_cipher(session.get(), SSL_CIPHER_find(ssl.get(), aes_128_gcm)) == 1);
  SIPCM_CHECK(SSL_SESSION_set1_master_key(session.get(), secret, sizeof(secret)) == 1);
  SIPCM_CHECK(SSL_SESSION_set1_id(session.get(), reinterpret_cast<const unsigned char*>(id.data()),
                                  static_cast<unsigned>(id.size())) == 1);
  return SessionState(*session);
}

std::shared_ptr<const ServerSession> SessionWith(const std::string& id,
                                                 std::shared_ptr<const KnownPeer> peer = nullptr) {
  return std::make_shared<const ServerSession>(ServerSession{
      StateOf(id), std::move(peer), std::make_shared<const TlsVersions>(), TestNow()});
}

TEST(SessionStateTest, RestoresTheSession) {
  EXPECT_EQ(IdOf(*StateOf("an id").Restore()), "an id");
  EXPECT_EQ(SSL_SESSION_get_protocol_version(StateOf("an id").Restore().get()), TLS1_3_VERSION);
}

TEST(SessionCacheTest, FindsWhatWasAddedAndNothingElse) {
  SessionCache cache;
  const auto session = SessionWith("a");
  cache.Add("a", session);
  EXPECT_EQ(cache.Find("a", TestNow()), session);
  EXPECT_EQ(cache.Find("b", TestNow()), nullptr);
}

TEST(SessionCacheTest, ForgetsASessionAtItsAge) {
  SessionCache cache;
  cache.Add("a", SessionWith("a"));
  const absl::Time end = TestNow() + SessionCache::kLifetime;
  EXPECT_NE(cache.Find("a", end - absl::Nanoseconds(1)), nullptr);
  EXPECT_EQ(cache.Find("a", end), nullptr);
  EXPECT_EQ(cache.size(), 0u);
}

TEST(SessionCacheTest, TheLeastRecentlyUsedGoesWhenItIsFull) {
  SessionCache cache;
  const auto session = SessionWith("any");
  for (size_t i = 0; i < SessionCache::kMaxSessions; ++i) cache.Add(absl::StrCat(i), session);
  ASSERT_NE(cache.Find("0", TestNow()), nullptr);
  cache.Add("one more", session);
  EXPECT_EQ(cache.size(), SessionCache::kMaxSessions);
  EXPECT_NE(cache.Find("0", TestNow()), nullptr);
  EXPECT_EQ(cache.Find("1", TestNow()), nullptr);
  EXPECT_NE(cache.Find("one more", TestNow()), nullptr);
}

TEST(SessionCacheTest, CertificatesAreBoundedInBytes) {
  pki::CertificateOptions large;
  for (int i = 0; i < 400; ++i) large.dns_names.push_back(absl::StrCat("host", i, ".contoso.com"));
  const pki::CertificateAuthority root("Root");
  const CertificateChain chain = ChainOf(root.Issue(large).chain_pem);
  const auto peer = std::make_shared<const KnownPeer>(
      KnownPeer{std::make_shared<const DerChain>(chain.ToDer()), Certificate(), ChainFindings()});
  const size_t fit = SessionCache::kMaxCertificateBytes / chain.PresentedBytes();
  ASSERT_LT(fit, SessionCache::kMaxSessions);
  SessionCache cache;
  const auto session = SessionWith("any", peer);
  for (size_t i = 0; i < fit; ++i) cache.Add(absl::StrCat(i), session);
  EXPECT_EQ(cache.size(), fit);
  cache.Add("one more", session);
  EXPECT_EQ(cache.size(), fit);
  EXPECT_EQ(cache.Find("0", TestNow()), nullptr);
}

TEST(SessionCacheTest, AnIdThatComesAgainIsThatOfTheLaterSession) {
  SessionCache cache;
  cache.Add("a", SessionWith("a"));
  const auto later = SessionWith("a");
  cache.Add("a", later);
  EXPECT_EQ(cache.size(), 1u);
  EXPECT_EQ(cache.Find("a", TestNow()), later);
}

class OfferedSessionsTest : public ::testing::Test {
 protected:
  void Add(const std::string& id, const std::shared_ptr<const TlsVersions>& versions) {
    sessions_.Add({StateOf(id), {}, versions, TestNow()});
  }
  std::string Take(absl::Time now = TestNow()) {
    const std::optional<ClientSession> session = sessions_.Take(versions_.get(), now);
    return session.has_value() ? IdOf(*session->state.Restore()) : "none";
  }

  OfferedSessions sessions_;
  const std::shared_ptr<const TlsVersions> versions_ = std::make_shared<const TlsVersions>();
};

TEST_F(OfferedSessionsTest, TheNewestIsOfferedFirstAndEachOnce) {
  Add("a", versions_);
  Add("b", versions_);
  EXPECT_EQ(Take(), "b");
  EXPECT_EQ(Take(), "a");
  EXPECT_EQ(Take(), "none");
}

TEST_F(OfferedSessionsTest, KeepsFour) {
  for (const char* id : {"a", "b", "c", "d", "e"}) Add(id, versions_);
  EXPECT_EQ(sessions_.size(), OfferedSessions::kMaxSessions);
  for (const char* id : {"e", "d", "c", "b", "none"}) EXPECT_EQ(Take(), id);
}

TEST_F(OfferedSessionsTest, ThoseOfOtherVersionsAreNotOffered) {
  Add("a", std::make_shared<const TlsVersions>());
  EXPECT_EQ(Take(), "none");
  Add("b", std::make_shared<const TlsVersions>());
  Add("c", versions_);
  EXPECT_EQ(sessions_.size(), 1u);
  EXPECT_EQ(Take(), "c");
}

TEST_F(OfferedSessionsTest, NorThoseOfTheirAge) {
  Add("a", versions_);
  EXPECT_EQ(Take(TestNow() + OfferedSessions::kLifetime - absl::Nanoseconds(1)), "a");
  Add("b", versions_);
  EXPECT_EQ(Take(TestNow() + OfferedSessions::kLifetime), "none");
}

}  // namespace
}  // namespace sipcm::tls
