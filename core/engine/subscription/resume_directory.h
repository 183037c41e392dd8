#ifndef SIPCM_CORE_ENGINE_SUBSCRIPTION_RESUME_DIRECTORY_H_
#define SIPCM_CORE_ENGINE_SUBSCRIPTION_RESUME_DIRECTORY_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/random_source.h"
#include "core/dispatch/lineage.h"
#include "core/dispatch/subscription_state.h"

namespace sipcm::engine {

// Who may resume which subscription. A lineage is known while a subscription of it is open, and
// afterwards until kMaxAbsent others were lost. Thread: guarded by its owner's mutex.
class ResumeDirectory {
 public:
  static constexpr size_t kMaxAbsent = 4096;

  // What an application resumes.
  struct Known {
    std::string source;  // whose requests: "endpoints/alice"
    std::shared_ptr<dispatch::Lineage> lineage;
    std::shared_ptr<dispatch::SubscriptionState> open;  // null: it was lost
    uint64_t last_id = 0;                               // of its last subscription
  };

  // `random`, of 128 bits of each token, outlives this.
  explicit ResumeDirectory(RandomSource* random) : random_(random) {}

  // A lineage of its own for a first subscription.
  std::shared_ptr<dispatch::Lineage> NewLineage();
  // INVALID_ARGUMENT (INVALID_RESUME_TOKEN) naming "resume_token": unknown, or of another source.
  absl::StatusOr<Known> Find(const std::string& token, absl::string_view source) const;

  // `subscription` is the open one of its lineage from now on.
  void OnOpened(std::string source, const std::shared_ptr<dispatch::SubscriptionState>& open);
  // It has ended. One that was left, or that another of its lineage has replaced, is forgotten.
  void OnEnded(const dispatch::SubscriptionState& subscription);

  size_t size() const { return by_token_.size(); }

 private:
  struct Lost {
    std::string token;
    uint64_t subscription_id;
  };

  RandomSource* const random_;
  uint64_t last_lineage_ = 0;
  absl::flat_hash_map<std::string, Known> by_token_;
  // In order of loss; some have come back since.
  std::deque<Lost> lost_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_SUBSCRIPTION_RESUME_DIRECTORY_H_
