#ifndef SIPCM_CORE_DIALOG_DIALOG_TABLE_H_
#define SIPCM_CORE_DIALOG_DIALOG_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/random_source.h"
#include "core/dialog/dialog.h"
#include "core/event/event_loop.h"
#include "core/event/timeout_queue.h"

namespace sipcm::dialog {

// The dialogs of one worker, found by id, or by their local tag, without a map. Owns them.
//
// Those that share a local tag (RFC 3261 12: one request of ours that forked) are a chain; the
// first one's id is in the tag, so it keeps its place, as kReserved, while it awaits forks or has
// some. Thread: the worker's.
class DialogTable final : private event::TimeoutQueue::Listener {
 public:
  // Beyond it no new dialog is begun; those that have begun still fork.
  static constexpr size_t kMaxDialogs = 200'000;
  // Beyond it a response that would make another fork makes no dialog: more are an attack.
  static constexpr size_t kMaxForks = 16;
  // A call in which no message passes for so long is forgotten.
  static constexpr absl::Duration kIdleLimit = absl::Hours(24);
  // An application that has to send an ACK has 64*T1 for it.
  static constexpr absl::Duration kAckLimit = absl::Seconds(32);

  class Owner {
   public:
    // Its time is over. Still in the table: to be removed, or extended.
    virtual void OnDialogExpired(Dialog& dialog) = 0;

   protected:
    ~Owner() = default;
  };

  // All outlive this.
  DialogTable(int worker, event::EventLoop* loop, RandomSource* random, Owner* owner);
  ~DialogTable();

  bool is_full() const { return size_ >= kMaxDialogs; }
  // A first one, kReserved. Null: DialogId::kMaxSlots are taken.
  Dialog* Add();
  // Another one with the local tag of `first`. Null: it has kMaxForks, or as of Add().
  Dialog* AddFork(Dialog* first);
  // Null: none has that id. Also of a kReserved one.
  Dialog* Find(DialogId id) const;
  // The dialog with the local tag that is TagText(set), or of which `set` is the first; null: none.
  // Never a kReserved one.
  Dialog* Match(DialogId set, absl::string_view call_id, absl::string_view remote_tag) const;
  // The first of those that share a tag, when another one may join them; null: none may.
  Dialog* FindOpenSet(DialogId set) const;

  // Calls off its timeout and destroys it, or leaves it kReserved while forks need it.
  void Remove(Dialog* dialog);
  // No more forks come: those that are not confirmed end, but for the first one itself.
  void EndForks(Dialog* first);
  // A message passed in it: its time begins again. `now` is the loop's.
  void Extend(Dialog* dialog, Instant now);

  // Of the confirmed, early and reserved ones.
  size_t size() const { return size_; }
  template <typename Function>
  void ForEach(Function function) {
    for (size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i] != nullptr) function(*slots_[i]);
    }
  }

 private:
  void OnTimeout(event::TimeoutQueue::Entry& entry) override {
    owner_->OnDialogExpired(static_cast<Dialog&>(entry));
  }
  void Unlink(Dialog* fork);
  void Free(Dialog* dialog);

  const int worker_;
  RandomSource* const random_;
  Owner* const owner_;
  event::TimeoutQueue timeouts_;
  std::vector<std::unique_ptr<Dialog>> slots_;
  std::deque<uint32_t> free_;  // first in, first out
  size_t size_ = 0;
};

}  // namespace sipcm::dialog

#endif  // SIPCM_CORE_DIALOG_DIALOG_TABLE_H_
