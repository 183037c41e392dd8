#ifndef SIPCM_CORE_NET_DNS_CARES_RESOLVER_H_
#define SIPCM_CORE_NET_DNS_CARES_RESOLVER_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/event/fd_loop.h"
#include "core/net/dns/cares_channel.h"
#include "core/net/dns/resolver.h"

namespace sipcm::net {

struct CaresResolverOptions {
  // "192.0.2.53" or "192.0.2.53:5353", with commas between several; empty: those of the system
  // (/etc/resolv.conf, read once).
  std::string servers;
  // Of one question in all; then DNS_TIMEOUT. A request must fail within 5 s (reliability.md 35).
  absl::Duration timeout = absl::Milliseconds(4500);
  // Of the first try at one server; doubled for the second round, the last.
  absl::Duration try_timeout = absl::Milliseconds(1500);
  // When one address family has answered, how long the other is waited for (RFC 8305 3).
  absl::Duration family_delay = absl::Milliseconds(50);
  // Questions that may be under way, an address being two (A, AAAA); one more is UNAVAILABLE,
  // DNS_SERVER_FAILED.
  size_t max_questions = 1024;
};

// Asks DNS with c-ares. A and AAAA are asked for at the same time; names without a dot go through
// the system's search list. Thread: the loop's. Resolutions are destroyed before it: a CHECK.
class CaresResolver final : public Resolver {
 public:
  static constexpr size_t kMaxAddresses = 64;  // of each family
  // A name that has no address says not for how long: c-ares keeps it from us. What fails is not
  // asked for again meanwhile either (RFC 2308 7).
  static constexpr absl::Duration kNegativeTtl = absl::Seconds(5);

  // As CaresChannel::Create().
  static absl::StatusOr<std::unique_ptr<CaresResolver>> Create(
      event::FdLoop* loop, const CaresResolverOptions& options = {});
  ~CaresResolver() override;

  std::unique_ptr<Resolution> Resolve(RecordType type, const std::string& name,
                                      Callback done) override;

  // Questions under way in c-ares, those that were given up included.
  size_t question_count() const { return channel_->question_count(); }

 private:
  class Pending;

  CaresResolver(event::FdLoop* loop, const CaresResolverOptions& options,
                std::unique_ptr<CaresChannel> channel);

  event::FdLoop* const loop_;
  const CaresResolverOptions options_;
  size_t pending_count_ = 0;
  const std::unique_ptr<CaresChannel> channel_;
};

}  // namespace sipcm::net

#endif  // SIPCM_CORE_NET_DNS_CARES_RESOLVER_H_
