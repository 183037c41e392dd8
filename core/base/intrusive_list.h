#ifndef SIPCM_CORE_BASE_INTRUSIVE_LIST_H_
#define SIPCM_CORE_BASE_INTRUSIVE_LIST_H_

#include <cstddef>

#include "core/base/check.h"

namespace sipcm {

// A hook that puts an object into one list at a time, without allocating. `Tag` tells several
// hooks of one object apart. Must be unlinked before it is destroyed.
template <typename Tag>
class ListHook {
 public:
  ListHook() = default;
  ListHook(const ListHook&) = delete;
  ListHook& operator=(const ListHook&) = delete;
  ~ListHook() { SIPCM_CHECK_MESSAGE(!is_linked(), "destroyed while in a list"); }
  bool is_linked() const { return next_ != nullptr; }

 private:
  template <typename T, typename U>
  friend class IntrusiveList;
  ListHook* previous_ = nullptr;
  ListHook* next_ = nullptr;
};

// A doubly linked list of objects that derive from ListHook<Tag>; owns none of them. All O(1).
// Thread: its owner's. Must be empty when destroyed.
template <typename T, typename Tag>
class IntrusiveList {
 public:
  IntrusiveList() { head_.previous_ = head_.next_ = &head_; }
  ~IntrusiveList() {
    SIPCM_CHECK_MESSAGE(empty(), "a list was destroyed with members");
    head_.previous_ = head_.next_ = nullptr;
  }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;

  bool empty() const { return head_.next_ == &head_; }
  size_t size() const { return size_; }
  T* front() { return empty() ? nullptr : static_cast<T*>(head_.next_); }
  T* back() { return empty() ? nullptr : static_cast<T*>(head_.previous_); }
  void PushBack(T* item) { Insert(item, head_.previous_, &head_); }
  void PushFront(T* item) { Insert(item, &head_, head_.next_); }
  // `next` must be in this list.
  void InsertBefore(T* item, T* next) {
    ListHook<Tag>* hook = next;
    SIPCM_CHECK(hook->is_linked());
    Insert(item, hook->previous_, hook);
  }
  // `item` must be in this list.
  void Remove(T* item) {
    ListHook<Tag>* hook = item;
    SIPCM_CHECK(hook->is_linked());
    hook->previous_->next_ = hook->next_;
    hook->next_->previous_ = hook->previous_;
    hook->previous_ = hook->next_ = nullptr;
    --size_;
  }
  T* PopFront() {
    T* item = front();
    if (item != nullptr) Remove(item);
    return item;
  }
  // The one behind `item`, or null.
  T* Next(T* item) {
    ListHook<Tag>* next = static_cast<ListHook<Tag>*>(item)->next_;
    return next == &head_ ? nullptr : static_cast<T*>(next);
  }

 private:
  void Insert(ListHook<Tag>* hook, ListHook<Tag>* previous, ListHook<Tag>* next) {
    SIPCM_CHECK(!hook->is_linked());
    hook->previous_ = previous;
    hook->next_ = next;
    previous->next_ = next->previous_ = hook;
    ++size_;
  }

  ListHook<Tag> head_;
  size_t size_ = 0;
};

}  // namespace sipcm

#endif  // SIPCM_CORE_BASE_INTRUSIVE_LIST_H_
