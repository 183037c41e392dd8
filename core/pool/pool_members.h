#ifndef SIPCM_CORE_POOL_POOL_MEMBERS_H_
#define SIPCM_CORE_POOL_POOL_MEMBERS_H_

#include <memory>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/types/span.h"
#include "core/connection/connection.h"
#include "core/pool/pool_member.h"
#include "core/pool/pool_policy.h"
#include "core/pool/statistics/pool_statistics.h"

namespace sipcm::pool {

// The places of a pool: the live ones in the order they were opened, with the round-robin among
// them, and those that drain. Thread: the pool's.
class PoolMembers {
 public:
  // Connecting, at the end of the live ones.
  PoolMember* Add();
  // A connecting member has its connection now.
  void Establish(PoolMember* member, connection::Connection* connection);
  // Out of the live ones, from its place among them.
  std::unique_ptr<PoolMember> Remove(int index);
  void KeepDraining(std::unique_ptr<PoolMember> member) { draining_.push_back(std::move(member)); }
  // Forgets the member of that connection, which closed.
  void Forget(const connection::Connection* connection);
  // Moves those that drain by now out of the live ones.
  void SetAside();

  int live_count() const { return static_cast<int>(live_.size()); }
  PoolMember& operator[](int index) const { return *live_[index]; }
  int IndexOf(const PoolMember* member) const;
  // Null: no live member has it.
  PoolMember* Find(const connection::Connection* connection) const;
  int connecting_count() const { return connecting_count_; }
  int established_count() const { return live_count() - connecting_count_; }
  // Live, not throttled, with a connection.
  bool has_usable() const;
  absl::Span<const std::unique_ptr<PoolMember>> live() const { return live_; }
  absl::Span<const std::unique_ptr<PoolMember>> draining() const { return draining_; }
  // Of those that have one, the draining ones last.
  std::vector<connection::Connection*> Connections() const;
  // What is now: the counts of connections and their transactions.
  void CountInto(PoolStatistics* statistics) const;
  bool empty() const { return live_.empty() && draining_.empty(); }

  // As decisions see them; valid until the next call.
  absl::Span<const MemberSnapshot> Snapshots();

  // The index after the member used last.
  int cursor() const { return cursor_; }
  void NoteUse(int index) { cursor_ = index + 1; }
  // Whose turn it is; there must be one.
  int next() const { return cursor_ < live_count() ? cursor_ : 0; }

 private:
  absl::InlinedVector<std::unique_ptr<PoolMember>, 4> live_;
  std::vector<std::unique_ptr<PoolMember>> draining_;
  std::vector<MemberSnapshot> snapshots_;  // kept for its capacity
  int cursor_ = 0;
  int connecting_count_ = 0;
};

}  // namespace sipcm::pool

#endif  // SIPCM_CORE_POOL_POOL_MEMBERS_H_
