#include "core/engine/subscription/resume_directory.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace sipcm::engine {
namespace {

absl::Status BadToken(absl::string_view why) {
  return WithField(MakeError(absl::StatusCode::kInvalidArgument, "INVALID_RESUME_TOKEN",
                             absl::StrCat("resume_token: ", why, "; subscribe without it")),
                   "resume_token");
}

}  // namespace

std::shared_ptr<dispatch::Lineage> ResumeDirectory::NewLineage() {
  return std::make_shared<dispatch::Lineage>(
      ++last_lineage_, absl::StrCat(absl::Hex(random_->Next(), absl::kZeroPad16),
                                    absl::Hex(random_->Next(), absl::kZeroPad16)));
}

absl::StatusOr<ResumeDirectory::Known> ResumeDirectory::Find(const std::string& token,
                                                             absl::string_view source) const {
  const auto found = by_token_.find(token);
  if (found == by_token_.end()) {
    return BadToken("not one of this server, or of a subscription that ended too long ago");
  }
  if (found->second.source != source) {
    return BadToken(absl::StrCat("that of a subscription to \"", found->second.source,
                                 "\", not to \"", source, "\""));
  }
  return found->second;
}

void ResumeDirectory::OnOpened(std::string source,
                               const std::shared_ptr<dispatch::SubscriptionState>& open) {
  Known& known = by_token_[open->lineage->token()];
  known.source = std::move(source);
  known.lineage = open->lineage;
  known.open = open;
  known.last_id = open->id;
}

void ResumeDirectory::OnEnded(const dispatch::SubscriptionState& subscription) {
  const auto found = by_token_.find(subscription.lineage->token());
  if (found == by_token_.end() || found->second.last_id != subscription.id) return;
  if (subscription.parting.load() == dispatch::Parting::kLeft) {
    by_token_.erase(found);
    return;
  }
  found->second.open = nullptr;
  lost_.push_back({found->first, subscription.id});
  if (lost_.size() <= kMaxAbsent) return;
  const auto oldest = by_token_.find(lost_.front().token);
  if (oldest != by_token_.end() && oldest->second.last_id == lost_.front().subscription_id) {
    by_token_.erase(oldest);
  }
  lost_.pop_front();
}

}  // namespace sipcm::engine
