#ifndef SIPCM_CORE_ENGINE_WORKER_GATHERING_H_
#define SIPCM_CORE_ENGINE_WORKER_GATHERING_H_

#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"

namespace sipcm::engine {

// Collects one answer of each worker and hands all of them on with the last. Any thread.
template <typename T>
class Gathering {
 public:
  Gathering(int count, absl::AnyInvocable<void(std::vector<T>)> done)
      : missing_(count), answers_(count), done_(std::move(done)) {}

  void Put(int index, T answer) {
    {
      absl::MutexLock lock(&mutex_);
      answers_[index] = std::move(answer);
      if (--missing_ > 0) return;
    }
    // The last one: nobody else touches it any more.
    done_(TakeAnswers());
  }

 private:
  std::vector<T> TakeAnswers() {
    absl::MutexLock lock(&mutex_);
    return std::move(answers_);
  }

  absl::Mutex mutex_;
  int missing_ ABSL_GUARDED_BY(mutex_);
  std::vector<T> answers_ ABSL_GUARDED_BY(mutex_);
  absl::AnyInvocable<void(std::vector<T>)> done_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_WORKER_GATHERING_H_
