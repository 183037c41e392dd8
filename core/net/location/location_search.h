#ifndef SIPCM_CORE_NET_LOCATION_LOCATION_SEARCH_H_
#define SIPCM_CORE_NET_LOCATION_LOCATION_SEARCH_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/random_source.h"
#include "core/event/event_loop.h"
#include "core/net/dns/resolver.h"
#include "core/net/location/service_target.h"

namespace sipcm::net {

// Finds where a SIP service is, once (RFC 3263 4.2): NAPTR and SRV at the same time, then the
// addresses of all SRV targets at the same time, or of the host when there is no SRV record.
// Thread: the loop's. Destroying it gives it up without a call.
class LocationSearch {
 public:
  // In the order to try: SRV's priority and weight, within one target the families by turns; at
  // least one. Or NOT_FOUND: as the resolver, or DNS_NO_SERVICE when the domain says by its SRV
  // record that it does not offer it; UNAVAILABLE, DNS_SERVER_FAILED; DEADLINE_EXCEEDED,
  // DNS_TIMEOUT. Each names the host.
  using Callback = absl::AnyInvocable<void(absl::StatusOr<std::vector<ServiceTarget>>)>;

  // Of all; then what is known has to do (reliability.md 35 allows a request 5 s).
  static constexpr absl::Duration kLimit = absl::Milliseconds(4500);
  // Of NAPTR and SRV: a domain may have neither, and servers that do not answer for them.
  static constexpr absl::Duration kServiceLimit = absl::Seconds(2);
  // For NAPTR when SRV is there, and for the addresses of lesser targets when the best is.
  static constexpr absl::Duration kStragglerLimit = absl::Milliseconds(500);
  static constexpr size_t kMaxServices = 16;          // SRV records that are followed
  static constexpr size_t kMaxAddressesPerHost = 32;  // of each
  static constexpr size_t kMaxTargets = 64;           // in all

  // All outlive it. `done` is called once, never from inside the constructor; it may destroy this.
  LocationSearch(event::EventLoop* loop, Resolver* resolver, RandomSource* random,
                 ServiceQuery query, Callback done);
  LocationSearch(const LocationSearch&) = delete;
  LocationSearch& operator=(const LocationSearch&) = delete;

 private:
  // A host whose addresses are asked for.
  struct Host {
    ServiceRecord record;
    std::unique_ptr<Resolution> question;
    std::optional<DnsAnswer> answer;
  };
  enum class Stage : uint8_t { kServices, kAddresses, kDone };

  void AskForServices();
  bool AskForReplacement();
  void OnServiceStep();
  void FollowServices();
  void FollowHost();
  void AskForAddresses();
  void OnAddressStep();
  bool BestIsKnown() const;
  void OnAlarm();
  // Of this stage, and never beyond the deadline of all.
  void SetLimit(absl::Duration from_now);
  void ShortenLimit(absl::Duration from_now);
  void Finish();
  absl::StatusOr<std::vector<ServiceTarget>> Result() const;
  absl::Status Failure() const;

  event::EventLoop* const loop_;
  Resolver* const resolver_;
  RandomSource* const random_;
  const ServiceQuery query_;
  Callback done_;
  const Instant deadline_;
  Instant limit_;  // of the present stage
  Stage stage_ = Stage::kAddresses;
  std::unique_ptr<Resolution> pointer_question_;
  std::unique_ptr<Resolution> service_question_;
  std::unique_ptr<Resolution> replacement_question_;
  std::optional<DnsAnswer> pointers_;
  std::optional<DnsAnswer> services_;
  std::optional<DnsAnswer> replacement_;
  std::vector<Host> hosts_;
  bool is_refused_ = false;  // SRV says: not offered
  const std::unique_ptr<event::Alarm> alarm_;
};

}  // namespace sipcm::net

#endif  // SIPCM_CORE_NET_LOCATION_LOCATION_SEARCH_H_
