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
#include "core/connection/connection.h"
#include "core/net/dns/resolver.h"
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

// One try to get an established outgoing connection: resolve, then each address in turn: connect
// (connect_timeout each), handshake. Thread: the loop's. Destroying it gives up without a call.
class Attempt final : private Connection::Listener {
 public:
  struct Target {
    std::string host;  // as asked for: SNI and the name check use it (semantics.md 4)
    uint16_t port = 0;
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
    Observer* observer = nullptr;  // may be null
  };
  // An established connection whose listener must be set anew in the callback (nothing was read
  // from it yet), or the most telling failure of the addresses tried, naming host, port and
  // address: our verdict on a certificate (FAILED_PRECONDITION, PEER_...) before a failed handshake
  // (UNAVAILABLE, HANDSHAKE_...) before no connection (UNAVAILABLE, CONNECT_...); or the resolver's
  // (NOT_FOUND, UNAVAILABLE, DEADLINE_EXCEEDED, DNS_...). Never from inside the constructor; it may
  // destroy the attempt.
  using Callback = absl::AnyInvocable<void(absl::StatusOr<std::unique_ptr<Connection>>)>;

  // Of a host with more addresses the rest is not tried: each may cost connect_timeout.
  static constexpr size_t kMaxAddresses = 8;

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

  void OnResolved(const net::DnsAnswer& answer);
  void TryNext();
  void OnConnected(absl::StatusOr<std::unique_ptr<net::ByteStream>> stream);
  void OnConnectTimeout();
  // Keeps the failure of the address under trial, or of all, when it tells more.
  void Note(const absl::Status& failure);
  absl::Status Failure() const;
  // Calls back at the end of this turn: no listener call is on the stack then.
  void FinishSoon();
  void Finish();

  const Target target_;
  const Means means_;
  const std::shared_ptr<const ConnectionSettings> settings_;
  StreamDecorator decorator_;
  Callback done_;
  std::unique_ptr<net::Resolution> resolution_;
  std::vector<net::IpAddress> addresses_;
  size_t next_address_ = 0;
  std::unique_ptr<event::Alarm> connect_alarm_;
  std::unique_ptr<net::ConnectAttempt> connect_;
  std::unique_ptr<Connection> connection_;
  absl::Status failure_;
  bool finishing_ = false;
  // Tells the task at the turn's end that this is gone.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sipcm::connection

#endif  // SIPCM_CORE_CONNECTION_ATTEMPT_H_
