#ifndef SIPCM_CORE_CONNECTION_TARGETS_TARGET_HEALTH_H_
#define SIPCM_CORE_CONNECTION_TARGETS_TARGET_HEALTH_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/intrusive_list.h"
#include "core/connection/connection_settings.h"
#include "core/net/address.h"

namespace sipcm::connection {

enum class Health : uint8_t {
  kHealthy,
  kDead,     // skipped until its retry time
  kProbing,  // one attempt tries it; others skip it
};

// Which addresses failed lately, whoever tried them (semantics.md 4). An address without an entry
// is healthy. One per worker. Thread: the worker's.
class TargetHealth {
 public:
  // A dead address is skipped so long, doubled by each failed probe.
  static constexpr absl::Duration kFirstPause = absl::Seconds(5);
  static constexpr absl::Duration kLongestPause = absl::Minutes(10);
  // Dead addresses that are remembered; of more the one that failed longest ago is forgotten.
  static constexpr size_t kMaxDead = 10000;

  using Key = std::pair<net::SocketAddress, Transport>;
  struct State {
    Health health = Health::kHealthy;
    Instant retry;        // of kDead
    Instant last_failed;  // unless kHealthy
    absl::Status last_failure;
  };

  TargetHealth() = default;
  ~TargetHealth();

  State StateOf(const Key& key) const;
  // Healthy, or its retry time has come and nobody probes it.
  bool MayTry(const Key& key, Instant now) const;

  // An attempt begins; of a dead address this is a probe. Its outcome must follow: one of the
  // others.
  void NoteBegin(const Key& key);
  // True: it was healthy. A failure before the retry time lengthens nothing.
  bool NoteFailure(const Key& key, const absl::Status& failure, Instant now);
  // True: it was dead.
  bool NoteSuccess(const Key& key);
  // Neither: it was called off.
  void NoteAbandoned(const Key& key);

  size_t dead_count() const { return entries_.size(); }

 private:
  struct AgeTag;
  struct Entry : ListHook<AgeTag> {
    Key key;
    State state;
    absl::Duration pause;
  };

  Entry* Find(const Key& key) const;
  void Forget(Entry* entry);

  absl::flat_hash_map<Key, std::unique_ptr<Entry>> entries_;
  IntrusiveList<Entry, AgeTag> ages_;  // failed longest ago first
};

}  // namespace sipcm::connection

#endif  // SIPCM_CORE_CONNECTION_TARGETS_TARGET_HEALTH_H_
