#include "server/event/event_watcher.h"

#include <utility>

#include "server/event/snapshot_round.h"

namespace sipcm::server {

using sipcm::v1::Event;

void EventWatcher::Want() {
  absl::MutexLock lock(&mutex_);
  wanted_ = true;
  Serve();
}

void EventWatcher::Leave() {
  {
    absl::MutexLock lock(&mutex_);
    reader_ = nullptr;
    gap_ = nullptr;
    snapshot_ = nullptr;
    synced_ = nullptr;
    pending_.clear();
  }
  inbox_->Leave(shared_from_this());
}

SharedEventPointer EventWatcher::TakeNext() {
  if (gap_ != nullptr) return std::exchange(gap_, nullptr);
  while (snapshot_ != nullptr) {
    if (snapshot_position_ == snapshot_->existing.size()) {
      snapshot_ = nullptr;
      break;
    }
    const SharedEventPointer& existing = snapshot_->existing[snapshot_position_++];
    if (filter_.Wants(*existing)) return existing;
  }
  if (synced_ != nullptr) return std::exchange(synced_, nullptr);
  if (pending_.empty()) return nullptr;
  SharedEventPointer next = std::move(pending_.front());
  pending_.pop_front();
  return next;
}

void EventWatcher::Serve() {
  if (reader_ == nullptr || !wanted_) return;
  if (const SharedEventPointer next = TakeNext()) {
    wanted_ = false;
    reader_->OnEvent(next);
  } else if (!end_.ok()) {
    wanted_ = false;
    reader_->OnEnd(end_);
  } else if (phase_ == Phase::kBehind) {
    // Only now, so that one who does not read costs no snapshots.
    phase_ = Phase::kResyncing;
    inbox_->Wish(shared_from_this());
  }
}

void EventWatcher::Begin(std::shared_ptr<const EventSnapshot> snapshot, SharedEventPointer synced,
                         int64_t sequence, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  if (reader_ == nullptr) return;
  if (lost_count_ > 0) {
    Event gap = MakeMark(Event::GAP, sequence, now);
    gap.mutable_gap()->set_lost_count(std::exchange(lost_count_, 0));
    gap_ = std::make_shared<SharedEvent>(gap);
  }
  phase_ = Phase::kLive;
  snapshot_ = std::move(snapshot);
  snapshot_position_ = 0;
  synced_ = std::move(synced);
  Serve();
}

void EventWatcher::Offer(const SharedEventPointer& event) {
  if (!filter_.Wants(*event)) return;
  absl::MutexLock lock(&mutex_);
  if (reader_ == nullptr || phase_ == Phase::kBeginning) return;
  if (phase_ == Phase::kLive && pending_.size() == kMaxPendingCount) phase_ = Phase::kBehind;
  if (phase_ != Phase::kLive) {
    ++lost_count_;
    return;
  }
  pending_.push_back(event);
  Serve();
}

void EventWatcher::Lose(int64_t count) {
  absl::MutexLock lock(&mutex_);
  if (reader_ == nullptr || phase_ == Phase::kBeginning) return;
  lost_count_ += count;
  if (phase_ == Phase::kLive) phase_ = Phase::kBehind;
  Serve();
}

void EventWatcher::End(const absl::Status& why) {
  absl::MutexLock lock(&mutex_);
  end_ = why;
  Serve();
}

size_t EventWatcher::pending_count() const {
  absl::MutexLock lock(&mutex_);
  return pending_.size();
}

}  // namespace sipcm::server
