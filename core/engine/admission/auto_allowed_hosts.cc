#include "core/engine/admission/auto_allowed_hosts.h"

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/check.h"

namespace sipcm::engine {

std::unique_ptr<AutoAllowedHosts::Hold> AutoAllowedHosts::Add(absl::string_view host) {
  absl::StatusOr<tls::AllowedDomainPattern> pattern = tls::AllowedDomainPattern::Parse(host);
  if (!pattern.ok() || pattern->kind() == tls::AllowedDomainPattern::Kind::kSubdomains) {
    return nullptr;
  }
  std::string canonical = pattern->text();
  absl::MutexLock lock(&mutex_);
  Entry& entry = entries_.try_emplace(canonical, Entry{*std::move(pattern)}).first->second;
  if (++entry.connection_count == 1) Publish();
  return std::make_unique<Hold>(this, std::move(canonical));
}

void AutoAllowedHosts::Release(const std::string& host) {
  absl::MutexLock lock(&mutex_);
  const auto entry = entries_.find(host);
  SIPCM_CHECK(entry != entries_.end());
  if (--entry->second.connection_count > 0) return;
  entries_.erase(entry);
  Publish();
}

void AutoAllowedHosts::Publish() {
  std::vector<tls::AllowedDomain> list;
  list.reserve(entries_.size());
  for (const auto& [text, entry] : entries_) {
    list.push_back(
        {entry.pattern, tls::AllowedDomain::Origin::kAuto, absl::InfiniteFuture(), nullptr});
  }
  list_.Publish(std::make_shared<const tls::AllowedDomains>(std::move(list)));
}

}  // namespace sipcm::engine
