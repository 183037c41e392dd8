#ifndef SIPCM_CORE_ENGINE_ADMISSION_AUTO_ALLOWED_HOSTS_H_
#define SIPCM_CORE_ENGINE_ADMISSION_AUTO_ALLOWED_HOSTS_H_

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/base/snapshot_cell.h"
#include "core/tls/allowed_domains.h"

namespace sipcm::engine {

// The hosts to which a manager has outgoing TLS connections, counted over all workers, as a list of
// allowed domains of origin AUTO (semantics.md 6). Whether an entry is in force is decided when a
// peer is judged. Any thread: the lock is taken when such a connection begins or ends, never by a
// handshake.
class AutoAllowedHosts {
 public:
  AutoAllowedHosts() : list_(std::make_shared<const tls::AllowedDomains>()) {}
  AutoAllowedHosts(const AutoAllowedHosts&) = delete;
  AutoAllowedHosts& operator=(const AutoAllowedHosts&) = delete;

  // One connection: its host is in the list as long as this lives. Outlived by the hosts.
  class Hold {
   public:
    Hold(AutoAllowedHosts* hosts, std::string host) : hosts_(hosts), host_(std::move(host)) {}
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold() { hosts_->Release(host_); }

   private:
    AutoAllowedHosts* const hosts_;
    const std::string host_;  // canonical
  };

  // `host`: what was asked for, a name or an IP literal; null when it is neither.
  std::unique_ptr<Hold> Add(absl::string_view host);

  // In the order of the patterns.
  const SnapshotCell<tls::AllowedDomains>& list() const { return list_; }

 private:
  void Release(const std::string& host);
  void Publish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  struct Entry {
    tls::AllowedDomainPattern pattern;
    int connection_count = 0;
  };
  std::map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);  // by canonical text
  SnapshotCell<tls::AllowedDomains> list_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_ADMISSION_AUTO_ALLOWED_HOSTS_H_
