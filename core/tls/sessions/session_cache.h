#ifndef SIPCM_CORE_TLS_SESSIONS_SESSION_CACHE_H_
#define SIPCM_CORE_TLS_SESSIONS_SESSION_CACHE_H_

#include <cstddef>
#include <list>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/tls/chains/known_peer.h"
#include "core/tls/openssl/session_state.h"
#include "core/tls/tls_versions.h"

namespace sipcm::tls {

// What a server keeps of a handshake, so that the client may take it up again: a stateful session
// (RFC 8446 4.6.1, RFC 5246 7.3), since a ticket would carry the client's certificates (three times
// the cost). One proves nothing by itself: who resumes it is judged anew by what it presented.
struct ServerSession {
  SessionState state;
  std::shared_ptr<const KnownPeer> peer;        // null: it presented nothing
  std::shared_ptr<const TlsVersions> versions;  // that it was made with
  absl::Time authenticated;                     // when: wall time of the full handshake
};

// The sessions of one ServerTlsContext, so none outlives its certificate, trust bundle or policy.
// Bounded in number and in bytes of certificates; the least recently used goes. Any thread: held by
// a lock for the length of a look-up, in handshakes only.
class SessionCache {
 public:
  static constexpr size_t kMaxSessions = 1024;
  // In DER, as they are kept.
  static constexpr size_t kMaxCertificateBytes = size_t{2} * 1024 * 1024;
  // From the full handshake on, however often it is resumed: then the peer proves again that it
  // has its key.
  static constexpr absl::Duration kLifetime = absl::Hours(2);

  SessionCache() = default;
  SessionCache(const SessionCache&) = delete;
  SessionCache& operator=(const SessionCache&) = delete;

  void Add(std::string id, std::shared_ptr<const ServerSession> session);
  // Null when there is none, or none that is young enough. `now` is wall time.
  std::shared_ptr<const ServerSession> Find(absl::string_view id, absl::Time now);
  size_t size() const;

 private:
  struct Place {
    std::string id;
    std::shared_ptr<const ServerSession> session;
    size_t certificate_bytes;
  };
  using Line = std::list<Place>;
  void Erase(Line::iterator place) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  Line line_ ABSL_GUARDED_BY(mutex_);  // the most recently used first
  absl::flat_hash_map<absl::string_view, Line::iterator> by_id_ ABSL_GUARDED_BY(mutex_);
  size_t certificate_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_SESSIONS_SESSION_CACHE_H_
