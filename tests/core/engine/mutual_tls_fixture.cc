#include "tests/core/engine/mutual_tls_fixture.h"

#include <utility>

#include "core/base/check.h"
#include "core/tls/tls_stream.h"
#include "tests/core/tls/tls_fixture.h"

namespace sipcm::engine {

MutualTlsFixture::MutualTlsFixture(int worker_count)
    : EngineFixture(worker_count), bundle(tls::Trusting(root)), gate(loops[0].get()) {}

std::vector<tls::AllowedDomain> Entries(const std::vector<std::string>& patterns) {
  return tls::Allowing(patterns)->entries();
}

ManagerConfig MutualTlsFixture::Config(const std::vector<std::string>& allowed) const {
  ManagerConfig config;
  config.id = "edge";
  config.kind = ManagerKind::kServerTls;
  config.listen_addresses.push_back(*net::SocketAddress::Parse("192.0.2.1:5061"));
  config.credential = tls::CredentialOf(root.Issue({.dns_names = {"sip.edge.net"}}));
  config.trust_bundle = bundle;
  config.mutual_tls = tls::MutualTls::kRequire;
  config.allowed_domains = Entries(allowed);
  return config;
}

void MutualTlsFixture::Apply(ManagerConfig config) {
  SIPCM_CHECK(engine->ApplyManager(std::move(config)).ok());
}

void MutualTlsFixture::Start(ManagerConfig config) {
  Apply(std::move(config));
  SIPCM_CHECK(engine->StartListening("edge").ok());
  SIPCM_CHECK(engine->ApplyEndpoint(PeerToPeer("alice", "sip:alice@edge.net")).ok());
  RunUntilIdle();
}

ManagerStatus MutualTlsFixture::Status() const {
  absl::StatusOr<ManagerStatus> status = engine->GetManagerStatus("edge");
  SIPCM_CHECK(status.ok());
  return *std::move(status);
}

std::vector<std::string> MutualTlsFixture::AutoEntries() const {
  std::vector<std::string> patterns;
  for (const tls::AllowedDomain& entry : Status().auto_allowed_domains) {
    SIPCM_CHECK(entry.origin == tls::AllowedDomain::Origin::kAuto);
    patterns.push_back(entry.pattern.text());
  }
  return patterns;
}

std::unique_ptr<fakes::TestPeer> MutualTlsFixture::ConnectTlsPeer(
    const pki::CertificateOptions& options) {
  return ConnectTlsPeer(tls::CredentialOf(root.Issue(options)));
}

std::unique_ptr<fakes::TestPeer> MutualTlsFixture::ConnectTlsPeer(
    std::shared_ptr<const tls::Credential> presents, const std::string& asked_host) {
  auto context = tls::ClientTlsContext::Create(tls::PolicyOf(bundle), std::move(presents));
  SIPCM_CHECK(context.ok());
  auto stream = network.ConnectPeer(loops[0].get(), *net::SocketAddress::Parse("192.0.2.1:5061"));
  SIPCM_CHECK(stream.ok());
  auto peer = std::make_unique<fakes::TestPeer>(tls::TlsStream::Connect(
      loops[0].get(), &gate, *std::move(context), asked_host, *std::move(stream)));
  RunUntilIdle();
  return peer;
}

std::unique_ptr<fakes::TestListener> MutualTlsFixture::ServeTls(
    const std::string& address, const pki::CertificateOptions& options, tls::MutualTls mutual_tls) {
  tls::PeerPolicy policy = tls::PolicyOf(bundle);
  policy.empty_list = tls::PeerPolicy::EmptyList::kAllowsAnyDomain;
  auto context = tls::ServerTlsContext::Create(tls::CredentialOf(root.Issue(options)), mutual_tls,
                                               std::move(policy));
  SIPCM_CHECK(context.ok());
  return std::make_unique<fakes::TestListener>(
      &network, loops[0].get(), *net::SocketAddress::Parse(address),
      [this, context = *context](std::unique_ptr<net::ByteStream> stream) {
        return tls::TlsStream::Accept(loops[0].get(), &gate, context, std::move(stream));
      });
}

void MutualTlsFixture::SendOptions(const std::string& host, uint16_t port) {
  SendOrder order;
  order.endpoint_id = "alice";
  order.method = "OPTIONS";
  order.request_uri = "sip:bob@example.org";
  pool::Destination destination;
  destination.host = host;
  destination.port = port;
  destination.transport = connection::Transport::kTls;
  order.destination = std::move(destination);
  std::vector<SendOrder> orders;
  orders.push_back(std::move(order));
  engine->Send(std::move(orders), sends);
  RunUntilIdle();
}

const EngineEvent* MutualTlsFixture::LastEvent(EngineEvent::Kind kind) const {
  const EngineEvent* last = nullptr;
  for (const EngineEvent& event : events.events) {
    if (event.kind == kind) last = &event;
  }
  return last;
}

}  // namespace sipcm::engine
