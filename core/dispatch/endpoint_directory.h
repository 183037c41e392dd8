#ifndef SIPCM_CORE_DISPATCH_ENDPOINT_DIRECTORY_H_
#define SIPCM_CORE_DISPATCH_ENDPOINT_DIRECTORY_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/dispatch/endpoint.h"
#include "core/dispatch/snapshot_map.h"
#include "core/dispatch/subscription_group.h"

namespace sipcm::dispatch {

// The canonical text of an endpoint's address or alias ("alice@example.com", or "example.com" for
// a host only), or INVALID_ARGUMENT: it is not a SIP, SIPS or tel URI.
absl::StatusOr<std::string> CanonicalAddress(absl::string_view uri);

// The endpoints of one manager, by address-of-record. A value whose copies share nearly all, so
// that 100,000 endpoints can be created one by one while others read (SnapshotCell::Edit). Any
// thread may read one that nobody changes.
class EndpointDirectory {
 public:
  struct Entry {
    std::shared_ptr<const Endpoint> endpoint;
    std::shared_ptr<SubscriptionGroup> group;
  };
  using EntryPointer = std::shared_ptr<const Entry>;
  using Entries = absl::InlinedVector<EntryPointer, 1>;

  static std::shared_ptr<const EndpointDirectory> Empty();

  // Adds `entry`, or puts it in place of the one with its id. ALREADY_EXISTS
  // (ENDPOINT_ADDRESS_TAKEN) naming "address" when another id has the same (address, epid), both
  // compared as a request is matched with them, or "gruu" when another has that GRUU.
  // INVALID_ARGUMENT naming "address", "aliases[i]" or "gruu". Then nothing has changed.
  absl::Status Put(Entry entry);
  // Takes out the endpoint of that id, if it is there.
  void Remove(absl::string_view id);

  // Those that have this canonical text as address or alias; null when none has.
  const Entries* FindByAddress(absl::string_view canonical) const;
  // Those of which this is a GRUU: sip::Gruu's text. Besides what each names in `gruus` that is its
  // address with ";opaque=user:epid:{epid};gruu" and, of a registered one, with ";gr={instance}".
  const Entries* FindByGruu(absl::string_view canonical) const { return by_gruu_.Find(canonical); }
  // Those that have this epid or instance: ContextKey's text. Any number may share one.
  const Entries* FindByContext(absl::string_view key) const { return by_context_.Find(key); }
  EntryPointer FindById(absl::string_view id) const;  // null when absent
  size_t size() const { return size_; }
  size_t peer_to_peer_count() const { return peer_to_peer_count_; }
  // When exactly one is PEER_TO_PEER; else null.
  const EntryPointer& only_peer_to_peer() const { return only_peer_to_peer_; }

  template <typename Function>
  void ForEach(Function function) const {
    by_id_.ForEach([&](const std::string&, const EntryPointer& entry) { function(*entry); });
  }

 private:
  struct Keys;  // by which one endpoint is found

  absl::Status CheckFree(const Endpoint& endpoint, const Keys& keys) const;
  void Insert(const EntryPointer& entry, const Keys& keys);
  void Erase(const Entry& entry);
  EntryPointer FindOnlyPeerToPeer() const;

  SnapshotMap<Entries> by_address_;
  SnapshotMap<Entries> by_gruu_;
  SnapshotMap<Entries> by_context_;
  SnapshotMap<EntryPointer> by_id_;
  size_t size_ = 0;
  size_t peer_to_peer_count_ = 0;
  EntryPointer only_peer_to_peer_;
};

}  // namespace sipcm::dispatch

#endif  // SIPCM_CORE_DISPATCH_ENDPOINT_DIRECTORY_H_
