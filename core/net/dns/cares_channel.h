#ifndef SIPCM_CORE_NET_DNS_CARES_CHANNEL_H_
#define SIPCM_CORE_NET_DNS_CARES_CHANNEL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/event/fd_loop.h"
#include "core/net/address.h"

struct ares_channeldata;
struct ares_addrinfo;

namespace sipcm::net {

// c-ares on a loop: its descriptors, its timeouts, its callbacks. Statuses are those of ares.h. A
// callback may come from inside the asking call, and comes with ARES_EDESTRUCTION from inside the
// destructor; it must not destroy the channel. Thread: the loop's; only small local files
// (/etc/hosts) are read in place.
class CaresChannel {
 public:
  struct Options {
    std::string servers;         // empty: those of /etc/resolv.conf, read once
    absl::Duration try_timeout;  // of the first try at one server; doubled for the second, the last
  };
  using AddressCallback = absl::AnyInvocable<void(int status, const ares_addrinfo* answer)>;
  // `reply`: all of it, also of one that says no; empty when none came.
  using ReplyCallback = absl::AnyInvocable<void(int status, absl::string_view reply)>;

  // INVALID_ARGUMENT: `servers` is not such a list. UNAVAILABLE (DNS_SERVER_FAILED): c-ares cannot
  // begin. `loop` must outlive it.
  static absl::StatusOr<std::unique_ptr<CaresChannel>> Create(event::FdLoop* loop,
                                                              const Options& options);
  ~CaresChannel();

  // By /etc/hosts and the search list, then DNS.
  void AskAddresses(const std::string& name, AddressFamily family, AddressCallback done);
  // The name as it is; `type` as of RFC 1035 3.2.2.
  void Ask(const std::string& name, uint16_t type, ReplyCallback done);

  size_t question_count() const { return question_count_; }

 private:
  class Socket;
  struct Question;

  explicit CaresChannel(event::FdLoop* loop);
  absl::Status Begin(const Options& options);

  // Entries from c-ares.
  static void OnSocketState(void* channel, int fd, int readable, int writable);
  static void OnAddresses(void* question, int status, int timeouts, ares_addrinfo* answer);
  static void OnReply(void* question, int status, int timeouts, unsigned char* reply, int size);

  void Process(int readable_fd, int writable_fd);
  // c-ares wants to be called again when the next of its timeouts has come.
  void SetTimer();

  event::FdLoop* const loop_;
  ares_channeldata* channel_ = nullptr;
  std::unique_ptr<event::Alarm> timer_;
  absl::flat_hash_map<int, std::unique_ptr<Socket>> sockets_;
  size_t question_count_ = 0;
};

}  // namespace sipcm::net

#endif  // SIPCM_CORE_NET_DNS_CARES_CHANNEL_H_
