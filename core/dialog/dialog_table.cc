#include "core/dialog/dialog_table.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace sipcm::dialog {
namespace {

// Timeouts of few lengths are cheap (TimeoutQueue): all are rounded up to this.
constexpr absl::Duration kGrain = absl::Seconds(10);
// A table that is empty again gives back more slots than these.
constexpr size_t kKeptSlots = 1024;

bool HasKey(const Dialog& dialog, absl::string_view call_id, absl::string_view remote_tag) {
  return dialog.state != DialogState::kReserved && dialog.remote_tag == remote_tag &&
         dialog.call_id == call_id;
}

}  // namespace

DialogTable::DialogTable(int worker, event::EventLoop* loop, RandomSource* random, Owner* owner)
    : worker_(worker), random_(random), owner_(owner), timeouts_(loop, this) {}

DialogTable::~DialogTable() {
  ForEach([this](Dialog& dialog) { timeouts_.Disarm(&dialog); });
}

Dialog* DialogTable::Add() {
  uint32_t slot = static_cast<uint32_t>(slots_.size());
  if (!free_.empty()) {
    slot = free_.front();
    free_.pop_front();
  } else if (slot < DialogId::kMaxSlots) {
    slots_.emplace_back();
  } else {
    return nullptr;
  }
  slots_[slot] = std::make_unique<Dialog>();
  Dialog* const dialog = slots_[slot].get();
  dialog->id = DialogId(worker_, slot, random_->Next() | 1);  // never "none"
  dialog->set = dialog->id;
  ++size_;
  return dialog;
}

Dialog* DialogTable::AddFork(Dialog* first) {
  size_t count = 1;
  for (const Dialog* other = first->next_fork; other != nullptr; other = other->next_fork) ++count;
  Dialog* const fork = count < kMaxForks ? Add() : nullptr;
  if (fork == nullptr) return nullptr;
  fork->set = first->id;
  fork->local_tag = first->local_tag;
  fork->manager_id = first->manager_id;
  fork->endpoint_id = first->endpoint_id;
  fork->contact = first->contact;
  fork->owner = first->owner;
  fork->next_fork = std::exchange(first->next_fork, fork);
  return fork;
}

Dialog* DialogTable::Find(DialogId id) const {
  if (id.slot() >= slots_.size()) return nullptr;
  Dialog* const dialog = slots_[id.slot()].get();
  return dialog != nullptr && dialog->id == id ? dialog : nullptr;
}

Dialog* DialogTable::Match(DialogId set, absl::string_view call_id,
                           absl::string_view remote_tag) const {
  for (Dialog* dialog = Find(set); dialog != nullptr; dialog = dialog->next_fork) {
    if (HasKey(*dialog, call_id, remote_tag)) return dialog;
  }
  return nullptr;
}

Dialog* DialogTable::FindOpenSet(DialogId set) const {
  Dialog* const first = Find(set);
  return first != nullptr && first->awaits_forks ? first : nullptr;
}

void DialogTable::Remove(Dialog* dialog) {
  timeouts_.Disarm(dialog);
  Dialog* const first = Find(dialog->set);
  SIPCM_CHECK(first != nullptr);
  if (dialog != first) {
    Unlink(dialog);
    Free(dialog);
  } else {
    dialog->state = DialogState::kReserved;
  }
  if (first->state == DialogState::kReserved && first->next_fork == nullptr &&
      !first->awaits_forks) {
    Free(first);
  }
}

void DialogTable::EndForks(Dialog* first) {
  first->awaits_forks = false;
  for (Dialog* fork = first->next_fork; fork != nullptr;) {
    Dialog* const next = fork->next_fork;
    if (fork->state != DialogState::kConfirmed) {
      timeouts_.Disarm(fork);
      Unlink(fork);
      Free(fork);
    }
    fork = next;
  }
}

void DialogTable::Extend(Dialog* dialog, Instant now) {
  absl::Duration left = dialog->owes_ack ? kAckLimit : kIdleLimit;
  if (!dialog->has_call && !dialog->subscriptions.empty()) {
    left = absl::ZeroDuration();
    for (const SubscriptionUsage& usage : dialog->subscriptions) {
      left = std::max(left, usage.end - now);
    }
  }
  timeouts_.Arm(dialog, left == kAckLimit ? left : absl::Ceil(left, kGrain));
}

void DialogTable::Unlink(Dialog* fork) {
  for (Dialog* before = Find(fork->set); before != nullptr; before = before->next_fork) {
    if (before->next_fork != fork) continue;
    before->next_fork = fork->next_fork;
    return;
  }
}

void DialogTable::Free(Dialog* dialog) {
  const uint32_t slot = dialog->id.slot();
  timeouts_.Disarm(dialog);
  slots_[slot].reset();
  free_.push_back(slot);
  if (--size_ > 0 || slots_.size() <= kKeptSlots) return;
  slots_ = std::vector<std::unique_ptr<Dialog>>();
  free_ = std::deque<uint32_t>();
}

}  // namespace sipcm::dialog
