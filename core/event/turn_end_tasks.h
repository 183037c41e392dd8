#ifndef SIPCM_CORE_EVENT_TURN_END_TASKS_H_
#define SIPCM_CORE_EVENT_TURN_END_TASKS_H_

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"

namespace sipcm::event {

// What runs when all else of a turn has run (EventLoop::AtTurnEnd). Thread: the loop's.
class TurnEndTasks {
 public:
  void Add(absl::AnyInvocable<void()> task) { tasks_.push_back(std::move(task)); }
  bool empty() const { return tasks_.empty(); }

  // Runs all, those added meanwhile too. Keeps its memory.
  void RunAll() {
    for (size_t i = 0; i < tasks_.size(); ++i) {
      // Out of the vector first: a task that adds another may move the vector.
      absl::AnyInvocable<void()> task = std::move(tasks_[i]);
      task();
    }
    tasks_.clear();
  }

  // Destroys all without running them, and what their destructors add as well.
  void Clear() {
    while (!tasks_.empty()) {
      std::vector<absl::AnyInvocable<void()>> doomed;
      tasks_.swap(doomed);
    }
  }

 private:
  std::vector<absl::AnyInvocable<void()>> tasks_;
};

}  // namespace sipcm::event

#endif  // SIPCM_CORE_EVENT_TURN_END_TASKS_H_
