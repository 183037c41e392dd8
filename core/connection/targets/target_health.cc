#include "core/connection/targets/target_health.h"

#include <algorithm>

namespace sipcm::connection {

TargetHealth::~TargetHealth() {
  while (ages_.PopFront() != nullptr) {
  }
}

TargetHealth::Entry* TargetHealth::Find(const Key& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : found->second.get();
}

TargetHealth::State TargetHealth::StateOf(const Key& key) const {
  const Entry* const entry = Find(key);
  return entry == nullptr ? State() : entry->state;
}

bool TargetHealth::MayTry(const Key& key, Instant now) const {
  const Entry* const entry = Find(key);
  return entry == nullptr || (entry->state.health == Health::kDead && now >= entry->state.retry);
}

void TargetHealth::NoteBegin(const Key& key) {
  if (Entry* const entry = Find(key); entry != nullptr) entry->state.health = Health::kProbing;
}

bool TargetHealth::NoteFailure(const Key& key, const absl::Status& failure, Instant now) {
  Entry* entry = Find(key);
  const bool was_healthy = entry == nullptr;
  if (was_healthy) {
    if (entries_.size() == kMaxDead) Forget(ages_.front());
    std::unique_ptr<Entry>& made = entries_[key];
    made = std::make_unique<Entry>();
    entry = made.get();
    entry->key = key;
    entry->pause = kFirstPause;
  } else {
    ages_.Remove(entry);
    if (now >= entry->state.retry) entry->pause = std::min(entry->pause * 2, kLongestPause);
  }
  ages_.PushBack(entry);
  if (was_healthy || now >= entry->state.retry) entry->state.retry = now + entry->pause;
  entry->state.health = Health::kDead;
  entry->state.last_failed = now;
  entry->state.last_failure = failure;
  return was_healthy;
}

bool TargetHealth::NoteSuccess(const Key& key) {
  Entry* const entry = Find(key);
  if (entry == nullptr) return false;
  Forget(entry);
  return true;
}

void TargetHealth::NoteAbandoned(const Key& key) {
  if (Entry* const entry = Find(key); entry != nullptr) entry->state.health = Health::kDead;
}

void TargetHealth::Forget(Entry* entry) {
  ages_.Remove(entry);
  entries_.erase(Key(entry->key));
}

}  // namespace sipcm::connection
