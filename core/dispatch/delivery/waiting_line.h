#ifndef SIPCM_CORE_DISPATCH_DELIVERY_WAITING_LINE_H_
#define SIPCM_CORE_DISPATCH_DELIVERY_WAITING_LINE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/intrusive_list.h"
#include "core/dispatch/open_request.h"

namespace sipcm::dispatch {

using AssignmentList = IntrusiveList<OpenRequest, AssignmentTag>;

// Requests that wait for credit, in the order of their tickets. Kept by method and owner, so that
// the oldest one that a subscription takes is found without a look at those that it does not take.
// Owns none. Thread: its owner's. Must be empty when destroyed.
class WaitingLine {
 public:
  // Behind those with lower tickets. O(1) when its ticket is the highest or the lowest of its
  // method.
  void Insert(OpenRequest* request);
  void Remove(OpenRequest* request);
  // The oldest that has takes(request); null: none. Asks once for all of one method and owner that
  // wait.
  template <typename Predicate>
  OpenRequest* FindOldest(Predicate takes) {
    OpenRequest* oldest = nullptr;
    for (const std::unique_ptr<MethodLine>& line : lines_) {
      OpenRequest* first = line->requests.front();
      if (first == nullptr || (oldest != nullptr && oldest->ticket < first->ticket)) continue;
      if (takes(*first)) oldest = first;
    }
    return oldest;
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  struct MethodLine {
    std::string method;
    uint64_t owner = 0;
    AssignmentList requests;
  };
  // More, which only unknown methods and dialogs bring, go when they are empty.
  static constexpr size_t kKeptLines = 16;

  AssignmentList& LineOf(const OpenRequest& request);

  std::vector<std::unique_ptr<MethodLine>> lines_;
  size_t size_ = 0;
};

}  // namespace sipcm::dispatch

#endif  // SIPCM_CORE_DISPATCH_DELIVERY_WAITING_LINE_H_
