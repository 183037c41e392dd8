#include "core/tls/sessions/offered_sessions.h"

#include <utility>

namespace sipcm::tls {

void LaterSessions::Add(const ssl_session_st& session) const {
  offered->Add({SessionState(session), peer, versions, authenticated, certificate_asked});
}

void OfferedSessions::Add(ClientSession session) {
  while (!sessions_.empty() &&
         (sessions_.size() >= kMaxSessions || sessions_.front().versions != session.versions)) {
    sessions_.pop_front();
  }
  sessions_.push_back(std::move(session));
}

std::optional<ClientSession> OfferedSessions::Take(const TlsVersions* versions, absl::Time now) {
  while (!sessions_.empty()) {
    ClientSession session = std::move(sessions_.back());
    sessions_.pop_back();
    if (session.versions.get() == versions && now < session.authenticated + kLifetime) {
      return session;
    }
  }
  return std::nullopt;
}

}  // namespace sipcm::tls
