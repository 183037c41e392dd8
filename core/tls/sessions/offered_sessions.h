#ifndef SIPCM_CORE_TLS_SESSIONS_OFFERED_SESSIONS_H_
#define SIPCM_CORE_TLS_SESSIONS_OFFERED_SESSIONS_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>

#include "absl/time/time.h"
#include "core/tls/chains/known_peer.h"
#include "core/tls/openssl/session_state.h"
#include "core/tls/tls_versions.h"

namespace sipcm::tls {

// What a client keeps of a handshake with one destination, to offer it in the next one. The server
// is judged anew, by the certificates that it presented then, before it is offered.
struct ClientSession {
  SessionState state;
  std::shared_ptr<const KnownPeer> peer;        // the server
  std::shared_ptr<const TlsVersions> versions;  // of the context that it was made with
  absl::Time authenticated;                     // wall time of the full handshake
  bool certificate_asked = false;               // the server asked for ours in it
};

class OfferedSessions;

// Where the sessions go that a server gives after a handshake, and what they are made of besides.
struct LaterSessions {
  std::shared_ptr<OfferedSessions> offered;
  std::shared_ptr<const KnownPeer> peer;
  std::shared_ptr<const TlsVersions> versions;
  absl::Time authenticated;
  bool certificate_asked = false;

  void Add(const ssl_session_st& session) const;
};

// The sessions of one destination (a pool key), newest last. Each is offered once (RFC 8446 C.4);
// each resumption brings another. Thread: the loop's.
class OfferedSessions {
 public:
  static constexpr size_t kMaxSessions = 4;
  static constexpr absl::Duration kLifetime = absl::Hours(2);  // as SessionCache::kLifetime

  OfferedSessions() = default;
  OfferedSessions(const OfferedSessions&) = delete;
  OfferedSessions& operator=(const OfferedSessions&) = delete;

  // The oldest goes when there are kMaxSessions, and so do those of other versions.
  void Add(ClientSession session);
  // The newest one of these versions (the very object) that is young enough at wall time `now`.
  std::optional<ClientSession> Take(const TlsVersions* versions, absl::Time now);
  size_t size() const { return sessions_.size(); }

 private:
  std::deque<ClientSession> sessions_;
};

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_SESSIONS_OFFERED_SESSIONS_H_
