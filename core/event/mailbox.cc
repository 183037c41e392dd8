#include "core/event/mailbox.h"

#include <utility>

namespace sipcm::event {

bool Mailbox::Put(Task task) {
  absl::MutexLock lock(&mutex_);
  waiting_.push_back(std::move(task));
  return waiting_.size() == 1;
}

size_t Mailbox::RunWaiting() {
  {
    absl::MutexLock lock(&mutex_);
    waiting_.swap(running_);
  }
  for (Task& task : running_) {
    task();
    task = nullptr;  // what it owns goes before the next one runs
  }
  const size_t count = running_.size();
  running_.clear();
  if (running_.capacity() > kKeptCapacity) std::vector<Task>().swap(running_);
  return count;
}

void Mailbox::Clear() {
  while (true) {
    std::vector<Task> doomed;
    {
      absl::MutexLock lock(&mutex_);
      waiting_.swap(doomed);
    }
    if (doomed.empty()) return;
  }
}

bool Mailbox::empty() const {
  absl::MutexLock lock(&mutex_);
  return waiting_.empty();
}

}  // namespace sipcm::event
