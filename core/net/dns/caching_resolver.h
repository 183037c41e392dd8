#ifndef SIPCM_CORE_NET_DNS_CACHING_RESOLVER_H_
#define SIPCM_CORE_NET_DNS_CACHING_RESOLVER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/intrusive_list.h"
#include "core/event/event_loop.h"
#include "core/net/dns/resolver.h"

namespace sipcm::net {

// Keeps the answers of another resolver while they hold, and asks it once for all who ask at the
// same time. When a question fails (not: there is no such name) after it had an answer, that one is
// given once more (RFC 8767), so that servers that come and go break nothing. Thread: the loop's.
class CachingResolver final : public Resolver {
 public:
  // An answer holds its TTL, yet not shorter (a TTL of zero must not ask for each connection) nor
  // longer than this; "there is none", and a failure, at most kLongestNegativeTtl.
  static constexpr absl::Duration kShortestTtl = absl::Seconds(1);
  static constexpr absl::Duration kLongestTtl = absl::Hours(1);
  static constexpr absl::Duration kLongestNegativeTtl = absl::Seconds(30);
  // How long after its end an answer may still stand in, and for how long at a time.
  static constexpr absl::Duration kLongestStale = absl::Hours(1);
  static constexpr absl::Duration kStaleTtl = absl::Seconds(5);
  // Names and types; of more the least recently used is forgotten.
  static constexpr size_t kMaxEntries = 4096;

  // Both outlive it; resolutions are destroyed before it: a CHECK.
  CachingResolver(event::EventLoop* loop, Resolver* source);
  ~CachingResolver() override;

  std::unique_ptr<Resolution> Resolve(RecordType type, const std::string& name,
                                      Callback done) override;

  size_t size() const { return entries_.size(); }

 private:
  struct UseTag;
  struct WaitTag;
  class Pending;
  using Key = std::pair<RecordType, std::string>;
  struct Entry;

  Entry* EntryOf(const Key& key);
  void OnAnswer(Entry* entry, const DnsAnswer& answer);

  event::EventLoop* const loop_;
  Resolver* const source_;
  absl::flat_hash_map<Key, std::unique_ptr<Entry>> entries_;
  IntrusiveList<Entry, UseTag> uses_;  // least recent first
  size_t pending_count_ = 0;
};

}  // namespace sipcm::net

#endif  // SIPCM_CORE_NET_DNS_CACHING_RESOLVER_H_
