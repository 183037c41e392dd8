#ifndef SIPCM_CORE_CONNECTION_ATTEMPT_H_
#define SIPCM_CORE_CONNECTION_ATTEMPT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "core/base/random_source.h"
#include "core/connection/connection.h"
#include "core/connection/targets/connect_race.h"
#include "core/connection/targets/target_roster.h"
#include "core/net/dns/resolver.h"
#include "core/net/location/location_search.h"
#include "core/net/network.h"

namespace sipcm::connection {

// A stream as the manager wants it: over TLS, `tls` is `stream` itself.
struct DecoratedStream {
  std::unique_ptr<net::ByteStream> stream;
  tls::TlsStream* tls = nullptr;
};
// Wraps a fresh TCP stream in TLS (or not). Given by the owner, who knows the TLS context.
using StreamDecorator =
    absl::AnyInvocable<DecoratedStream(std::unique_ptr<net::ByteStream> stream)>;

// One try to get an established outgoing connection: locate the service (RFC 3263), race its
// addresses (ConnectRace), handshake; a handshake that fails goes on with the next address. What it
// finds is kept in the destination's roster. Thread: the loop's. Destroying it gives up without a
// call.
class Attempt final : private Connection::Listener, private ConnectRace::Host {
 public:
  struct Target {
    std::string host;  // as asked for: SNI and the name check use it (semantics.md 4)
    uint16_t port = 0;
    net::ServiceQuery::Steps steps = net::ServiceQuery::Steps::kAddresses;
    Transport transport = Transport::kTcp;
    std::optional<net::IpAddress> local_address;
  };
  // Hears of each connection that ended before it was established: one attempt may make several.
  class Observer {
   public:
    // The connection is valid inside this call; the attempt must not be destroyed in it.
    virtual void OnConnectionFailed(const Connection& connection, CloseReason reason,
                                    const absl::Status& detail) = 0;

   protected:
    ~Observer() = default;
  };
  struct Means {  // all outlive the attempt
    net::Network* network = nullptr;
    net::Resolver* resolver = nullptr;
    ConnectionEnvironment* environment = nullptr;
    absl::AnyInvocable<ConnectionId()>* new_id = nullptr;
    RandomSource* random = nullptr;
    TargetRoster* roster = nullptr;  // of the destination
    Observer* observer = nullptr;    // may be null
  };
  // An established connection whose listener must be set anew in the callback (nothing was read
  // from it yet), or the most telling failure of the addresses tried, naming host, port and all
  // addresses: our verdict on a certificate (FAILED_PRECONDITION, PEER_...) before a failed
  // handshake (UNAVAILABLE, HANDSHAKE_...) before no connection (UNAVAILABLE, CONNECT_...); or the
  // search's (NOT_FOUND, UNAVAILABLE, DEADLINE_EXCEEDED, DNS_...). TargetOf() it is the address
  // that was tried last, when one was. Never from inside the constructor; it may destroy the
  // attempt.
  using Callback = absl::AnyInvocable<void(absl::StatusOr<std::unique_ptr<Connection>>)>;

  // Of more addresses the rest is not tried: each may cost connect_timeout. They are the next
  // attempt's, since these are dead then.
  static constexpr size_t kMaxTargets = 16;

  Attempt(Target target, Means means, std::shared_ptr<const ConnectionSettings> settings,
          StreamDecorator decorator, Callback done);
  ~Attempt();
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

 private:
  // Connection::Listener, until it is handed over.
  void OnEstablished(Connection& connection) override;
  void OnMessage(Connection& connection, const sip::MessageView& message) override;
  void OnMalformed(Connection& connection, const sip::MessageView& message,
                   const sip::ParseVerdict& verdict) override;
  void OnClosed(Connection& connection, CloseReason reason, const absl::Status& detail) override;

  // ConnectRace::Host
  void OnRaceWon(const net::ServiceTarget& target,
                 std::unique_ptr<net::ByteStream> stream) override;
  void OnTargetFailed(const net::ServiceTarget& target, const absl::Status& failure) override;
  void OnRaceLost(const absl::Status& cause) override;

  void OnLocated(absl::StatusOr<std::vector<net::ServiceTarget>> targets);
  // Keeps the failure of one address, or of all, when it tells more.
  void Note(const absl::Status& failure);
  absl::Status Failure() const;
  // Calls back at the end of this turn: no listener call is on the stack then.
  void FinishSoon();
  void Finish();

  const Target asked_;
  const Means means_;
  const std::shared_ptr<const ConnectionSettings> settings_;
  StreamDecorator decorator_;
  Callback done_;
  std::unique_ptr<net::LocationSearch> search_;
  std::unique_ptr<ConnectRace> race_;
  net::ServiceTarget target_in_use_;  // of `connection_`
  std::unique_ptr<Connection> connection_;
  std::vector<std::string> tried_;  // "192.0.2.1:5060 CONNECT_REFUSED"
  std::string last_tried_;          // "192.0.2.1:5060"; empty: none
  bool is_foreign_ = false;         // `failure_` is another attempt's
  absl::Status failure_;
  bool finishing_ = false;
  // Tells the task at the turn's end that this is gone.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sipcm::connection

#endif  // SIPCM_CORE_CONNECTION_ATTEMPT_H_
