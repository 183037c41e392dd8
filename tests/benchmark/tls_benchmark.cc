// What TLS costs: the match of a peer against the allowed domains, the whole verdict, handshakes
// next to bare OpenSSL, and the memory of an idle connection (performance.md P7, P8).
//   bazel run --config=opt //tests/benchmark:tls_benchmark

#include <malloc.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "core/tls/peer_verifier.h"
#include "tests/core/tls/tls_pair.h"

namespace sipcm::tls {
namespace {

std::vector<std::string> ManyPatterns(int count) {
  std::vector<std::string> patterns;
  for (int i = 0; i < count; ++i) {
    patterns.push_back(i % 2 == 0 ? absl::StrCat("host", i, ".partner", i, ".example.org")
                                  : absl::StrCat(".partner", i, ".example.net"));
  }
  return patterns;
}

// Argument: entries; the last one fits, or none.
void MatchAllowedDomains(benchmark::State& state, const std::string& fitting) {
  std::vector<std::string> patterns = ManyPatterns(static_cast<int>(state.range(0)) - 1);
  patterns.push_back(".contoso.com");
  const std::shared_ptr<const AllowedDomains> list = Allowing(patterns);
  CertificateNames names;
  names.domains = {"edge-3.emea.fabrikam.com", fitting};
  const absl::Time now = TestNow();
  for (auto _ : state) {
    const auto match = list->FindFirst(names, now, [](const AllowedDomain&) { return true; });
    benchmark::DoNotOptimize(match.entry);
  }
}
BENCHMARK_CAPTURE(MatchAllowedDomains, fits, "edge.contoso.com")->Arg(10)->Arg(1000)->Arg(10000);
BENCHMARK_CAPTURE(MatchAllowedDomains, fits_none, "edge.contoso.org")->Arg(1000);

void JudgeClient(benchmark::State& state) {
  const pki::CertificateAuthority root("Root");
  std::vector<std::string> patterns = ManyPatterns(static_cast<int>(state.range(0)));
  patterns.push_back(".contoso.com");
  const PeerPolicy policy = PolicyOf(Trusting(root), patterns);
  const CertificateChain chain = ChainOf(root.Issue({.dns_names = {"edge.contoso.com"}}).chain_pem);
  for (auto _ : state) {
    const PeerVerdict verdict = VerifyPeer(policy, chain, PeerRole::kIncomingClient, "", TestNow());
    if (!verdict.allowed()) state.SkipWithError("refused");
  }
}
BENCHMARK(JudgeClient)->Arg(1)->Arg(1000);

struct BenchmarkSides : TlsSides {
  explicit BenchmarkSides(MutualTls mode) {
    mutual_tls = mode;
    client_presents = mode != MutualTls::kOff;
  }
};

// Both ends of a handshake in one thread, and one message. `offered` null: a full one each time.
void Handshake(benchmark::State& state, MutualTls mutual_tls,
               const std::shared_ptr<OfferedSessions>& offered) {
  fakes::ManualEventLoop loop;
  HandshakeGate gate(&loop);
  const BenchmarkSides sides(mutual_tls);
  const auto server_context = sides.ServerContext();
  const auto client_context = sides.ClientContext();
  for (auto _ : state) {
    TlsPair pair(&loop, &gate, server_context, client_context, sides.asked_host,
                 fakes::MemoryStreamOptions(), offered);
    pair.client->Send("OPTIONS sip:a SIP/2.0\r\n\r\n");
    pair.server->Send("SIP/2.0 200 OK\r\n\r\n");  // with it the client gets its session
    pair.Start();
    loop.RunUntilIdle();
    if (pair.server->received.empty()) state.SkipWithError("no handshake");
  }
}
BENCHMARK_CAPTURE(Handshake, tls, MutualTls::kOff, nullptr);
BENCHMARK_CAPTURE(Handshake, mutual_tls, MutualTls::kRequire, nullptr);
BENCHMARK_CAPTURE(Handshake, mutual_tls_resumed, MutualTls::kRequire,
                  std::make_shared<OfferedSessions>());

// The same by OpenSSL alone, over a pair of memory BIOs: the limit.
enum class BareSessions { kNone, kResumed };
void BareHandshake(benchmark::State& state, MutualTls mutual_tls, BareSessions sessions) {
  const BenchmarkSides sides(mutual_tls);
  const auto server_context = sides.ServerContext();
  const auto client_context = sides.ClientContext();
  SSL_CTX* const server_native = server_context->native();
  SSL_CTX* const client_native = client_context->native();
  SSL_CTX_set_cert_verify_callback(server_native, nullptr, nullptr);
  SSL_CTX_set_cert_verify_callback(client_native, nullptr, nullptr);
  SSL_CTX_set1_verify_cert_store(server_native, sides.bundle->store());
  SSL_CTX_set1_verify_cert_store(client_native, sides.bundle->store());
  SSL_CTX_sess_set_new_cb(server_native, nullptr);
  SSL_CTX_sess_set_new_cb(client_native, nullptr);
  SSL_CTX_sess_set_get_cb(server_native, nullptr);
  SSL_CTX_set_session_cache_mode(server_native, SSL_SESS_CACHE_SERVER);
  OpensslHandle<ssl_session_st> session;
  for (auto _ : state) {
    SSL* client = SSL_new(client_native);
    SSL* server = SSL_new(server_native);
    BIO* client_bio = nullptr;
    BIO* server_bio = nullptr;
    BIO_new_bio_pair(&client_bio, 64 * 1024, &server_bio, 64 * 1024);
    SSL_set_bio(client, client_bio, client_bio);
    SSL_set_bio(server, server_bio, server_bio);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    if (session != nullptr) SSL_set_session(client, session.get());
    while (SSL_do_handshake(client) != 1 || SSL_do_handshake(server) != 1) {
      SSL_do_handshake(server);
    }
    char buffer[64];
    SSL_write(client, "OPTIONS sip:a SIP/2.0\r\n\r\n", 25);
    if (SSL_read(server, buffer, sizeof(buffer)) != 25) state.SkipWithError("no handshake");
    SSL_write(server, "SIP/2.0 200 OK\r\n\r\n", 18);
    if (SSL_read(client, buffer, sizeof(buffer)) != 18) state.SkipWithError("no answer");
    if (session != nullptr && SSL_session_reused(server) != 1) state.SkipWithError("not resumed");
    if (sessions == BareSessions::kResumed) session.reset(SSL_get1_session(client));
    SSL_shutdown(client);  // else their sessions go
    SSL_shutdown(server);
    SSL_free(client);
    SSL_free(server);
  }
}
BENCHMARK_CAPTURE(BareHandshake, tls, MutualTls::kOff, BareSessions::kNone);
BENCHMARK_CAPTURE(BareHandshake, mutual_tls, MutualTls::kRequire, BareSessions::kNone);
BENCHMARK_CAPTURE(BareHandshake, mutual_tls_resumed, MutualTls::kRequire, BareSessions::kResumed);

// Heap bytes of one idle server stream, its memory stream left out.
void IdleMemory(benchmark::State& state, MutualTls mutual_tls) {
  constexpr int kStreams = 500;
  fakes::ManualEventLoop loop;
  HandshakeGate gate(&loop);
  const BenchmarkSides sides(mutual_tls);
  const auto server_context = sides.ServerContext();
  const auto client_context = sides.ClientContext();
  double bytes = 0;
  for (auto _ : state) {
    std::vector<std::unique_ptr<TlsPair>> pairs;
    for (int i = 0; i < kStreams; ++i) {
      pairs.push_back(std::make_unique<TlsPair>(&loop, &gate, server_context, client_context,
                                                sides.asked_host));
      pairs.back()->client->Send("OPTIONS sip:a SIP/2.0\r\n\r\n");
      pairs.back()->Start();
      loop.RunUntilIdle();
      pairs.back()->server->stream()->SetReading(false);
      pairs.back()->client->Destroy();
    }
    const size_t with = mallinfo2().uordblks;
    for (const auto& pair : pairs) pair->server->Destroy();
    bytes = static_cast<double>(with - mallinfo2().uordblks) / kStreams;
  }
  state.counters["bytes_per_stream"] = bytes;
}
BENCHMARK_CAPTURE(IdleMemory, tls, MutualTls::kOff)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(IdleMemory, mutual_tls, MutualTls::kRequire)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sipcm::tls
