#ifndef SIPCM_CORE_TRANSACTION_ONGOING_REQUESTS_H_
#define SIPCM_CORE_TRANSACTION_ONGOING_REQUESTS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/strings/string_view.h"
#include "core/sip/message_view.h"

namespace sipcm::transaction {

// The requests that are being answered, whichever worker has them, so that a copy
// that came by another way is recognised (RFC 3261 8.2.2.2: 482). They are kept as fingerprints in
// a table of fixed size, without lock or allocation; what finds no room near its place is not
// recognised. Any thread.
class OngoingRequests {
 public:
  // 256 KiB. Each has its place among kProbes next to each other, so that nearly all of the first
  // 16,384 find room.
  static constexpr size_t kSlots = 32768;
  static constexpr size_t kProbes = 16;

  // `seed`: unknown to peers, so that they cannot make fingerprints collide.
  explicit OngoingRequests(uint64_t seed);
  OngoingRequests(const OngoingRequests&) = delete;
  OngoingRequests& operator=(const OngoingRequests&) = delete;

  // Of what all copies share: the tags, Call-ID and CSeq; and of whom it is for: one that was
  // forked to two endpoints here is two requests. Never 0.
  uint64_t FingerprintOf(const sip::MessageView& request, absl::string_view endpoint_id) const;

  enum class Entry : uint8_t {
    kEntered,  // to be left once
    kMerged,   // another copy is here
    kNoRoom,   // unknown; nothing to be left
  };
  Entry Enter(uint64_t fingerprint);
  void Leave(uint64_t fingerprint);

 private:
  const uint64_t seed_;
  const std::unique_ptr<std::atomic<uint64_t>[]> slots_;  // 0: free
};

}  // namespace sipcm::transaction

#endif  // SIPCM_CORE_TRANSACTION_ONGOING_REQUESTS_H_
