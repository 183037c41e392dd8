#ifndef SIPCM_CORE_CONNECTION_TARGETS_CONNECT_RACE_H_
#define SIPCM_CORE_CONNECTION_TARGETS_CONNECT_RACE_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/connection/targets/connect_budget.h"
#include "core/connection/targets/target_roster.h"
#include "core/event/event_loop.h"
#include "core/net/network.h"

namespace sipcm::connection {

// Happy Eyeballs over the targets of one attempt (RFC 8305): the next one is begun when the former
// failed, or kHeadStart after it was begun, without giving that one up; the first that connects
// wins, and the others are called off. SRV's priorities stand above it: a lesser priority is begun
// only when all before it failed. Tells the roster of each begin and each failure to connect.
// Thread: the loop's. Destroying it gives up without a call.
class ConnectRace {
 public:
  static constexpr absl::Duration kHeadStart = absl::Milliseconds(250);  // RFC 8305 5

  // Called from alarms and connects, never from inside Run().
  class Host {
   public:
    // The race stands still. It owes the roster an outcome: whether the target is of any use shows
    // in the handshake.
    virtual void OnRaceWon(const net::ServiceTarget& target,
                           std::unique_ptr<net::ByteStream> stream) = 0;
    virtual void OnTargetFailed(const net::ServiceTarget& target, const absl::Status& failure) = 0;
    // None is left; or the destination failed while this waited for its turn, then with that cause.
    virtual void OnRaceLost(const absl::Status& cause) = 0;

   protected:
    ~Host() = default;
  };

  // All outlive it. `limit`: of each connect.
  ConnectRace(event::EventLoop* loop, net::Network* network, TargetRoster* roster,
              std::optional<net::IpAddress> local, absl::Duration limit,
              std::vector<net::ServiceTarget> plan, Host* host);
  ~ConnectRace();

  // Begins; or goes on with those that have not failed, after a win that came to nothing.
  void Run();

 private:
  struct Runner;

  // All that may begin now; then the alarm for the next.
  void Step();
  bool MayBeginNext() const;
  // False: not now.
  bool Begin(const net::ServiceTarget& target);
  void OnTurn(const absl::Status& status);
  void OnConnected(Runner* runner, absl::StatusOr<std::unique_ptr<net::ByteStream>> stream);
  std::unique_ptr<Runner> Remove(Runner* runner);
  void CallOffOthers();

  event::EventLoop* const loop_;
  net::Network* const network_;
  TargetRoster* const roster_;
  const std::optional<net::IpAddress> local_;
  const absl::Duration limit_;
  Host* const host_;
  std::vector<net::ServiceTarget> waiting_;  // best first
  std::vector<std::unique_ptr<Runner>> runners_;
  Instant next_begin_;
  std::unique_ptr<ConnectBudget::Turn> turn_;
  bool has_turn_ = false;  // it came, and is not used yet
  bool has_begun_ = false;
  const std::unique_ptr<event::Alarm> alarm_;
};

}  // namespace sipcm::connection

#endif  // SIPCM_CORE_CONNECTION_TARGETS_CONNECT_RACE_H_
