#include "core/tls/sessions/session_cache.h"

#include <utility>

namespace sipcm::tls {
namespace {

size_t CertificateBytes(const ServerSession& session) {
  if (session.peer == nullptr) return 0;
  size_t bytes = 0;
  for (const std::string& der : *session.peer->chain) bytes += der.size();
  return bytes;
}

}  // namespace

void SessionCache::Add(std::string id, std::shared_ptr<const ServerSession> session) {
  const size_t bytes = CertificateBytes(*session);
  const absl::MutexLock lock(&mutex_);
  if (const auto known = by_id_.find(id); known != by_id_.end()) Erase(known->second);
  line_.push_front({std::move(id), std::move(session), bytes});
  by_id_[line_.front().id] = line_.begin();
  certificate_bytes_ += bytes;
  while (line_.size() > kMaxSessions || certificate_bytes_ > kMaxCertificateBytes) {
    Erase(std::prev(line_.end()));
  }
}

std::shared_ptr<const ServerSession> SessionCache::Find(absl::string_view id, absl::Time now) {
  const absl::MutexLock lock(&mutex_);
  const auto known = by_id_.find(id);
  if (known == by_id_.end()) return nullptr;
  const Line::iterator place = known->second;
  if (now >= place->session->authenticated + kLifetime) {
    Erase(place);
    return nullptr;
  }
  line_.splice(line_.begin(), line_, place);
  return place->session;
}

size_t SessionCache::size() const {
  const absl::MutexLock lock(&mutex_);
  return line_.size();
}

void SessionCache::Erase(Line::iterator place) {
  certificate_bytes_ -= place->certificate_bytes;
  by_id_.erase(place->id);
  line_.erase(place);
}

}  // namespace sipcm::tls
