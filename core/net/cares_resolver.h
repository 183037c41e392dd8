#ifndef SIPCM_CORE_NET_CARES_RESOLVER_H_
#define SIPCM_CORE_NET_CARES_RESOLVER_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/event/fd_loop.h"
#include "core/net/resolver.h"

struct ares_channeldata;
struct ares_addrinfo;

namespace sipcm::net {

struct CaresResolverOptions {
  // "192.0.2.53" or "192.0.2.53:5353", with commas between several; empty: those of the system
  // (/etc/resolv.conf, read once).
  std::string servers;
  // Of one resolution in all; then DNS_TIMEOUT. A request must fail within 5 s (reliability.md 35).
  absl::Duration timeout = absl::Milliseconds(4500);
  // Of the first try at one server; doubled for the second round, the last.
  absl::Duration try_timeout = absl::Milliseconds(1500);
  // Questions that may be under way; one more is UNAVAILABLE, DNS_SERVER_FAILED.
  size_t max_questions = 1024;
};

// Asks DNS with c-ares on its loop's thread; only small local files (/etc/hosts) are read in
// place. Addresses come in the order of RFC 6724, at most kMaxAddresses. Names without a dot go
// through the system's search list. Thread: the loop's. Resolutions are destroyed before it: a
// CHECK.
class CaresResolver final : public Resolver {
 public:
  static constexpr size_t kMaxAddresses = 64;

  // INVALID_ARGUMENT: `servers` is not such a list. UNAVAILABLE (DNS_SERVER_FAILED): c-ares cannot
  // begin, for instance without memory. `loop` must outlive it.
  static absl::StatusOr<std::unique_ptr<CaresResolver>> Create(
      event::FdLoop* loop, const CaresResolverOptions& options = {});
  ~CaresResolver() override;

  std::unique_ptr<Resolution> Resolve(const std::string& host, Callback done) override;

  // Questions under way in c-ares, those that were given up included.
  size_t question_count() const { return question_count_; }

 private:
  class Pending;
  class Socket;
  struct Question;

  CaresResolver(event::FdLoop* loop, const CaresResolverOptions& options);
  absl::Status Begin();

  // Entries from c-ares.
  static void OnSocketState(void* resolver, int fd, int readable, int writable);
  static void OnAnswer(void* question, int status, int timeouts, ares_addrinfo* answer);

  void Ask(Pending* pending);
  void Process(int readable_fd, int writable_fd);
  // c-ares wants to be called again when the next of its timeouts has come.
  void SetTimer();

  event::FdLoop* const loop_;
  const CaresResolverOptions options_;
  ares_channeldata* channel_ = nullptr;
  std::unique_ptr<event::Alarm> timer_;
  absl::flat_hash_map<int, std::unique_ptr<Socket>> sockets_;
  size_t question_count_ = 0;
  size_t pending_count_ = 0;
};

}  // namespace sipcm::net

#endif  // SIPCM_CORE_NET_CARES_RESOLVER_H_
