#ifndef SIPCM_CORE_TRANSACTION_TIMERS_H_
#define SIPCM_CORE_TRANSACTION_TIMERS_H_

#include "absl/time/time.h"

namespace sipcm::transaction {

// RFC 3261 17.1.1.1 and the timers made of T1 and T2. Over a reliable transport nothing is sent
// again (A, E and G do not run) and no copy is waited for (D, I, J and K are zero); B and F are
// ManagerConfig::response_timeout. What remains:
inline constexpr absl::Duration kT1 = absl::Milliseconds(500);
inline constexpr absl::Duration kT2 = absl::Seconds(4);

// A failure waits for its ACK (17.2.1).
inline constexpr absl::Duration kTimerH = absl::Seconds(32);  // 64*T1
// An INVITE that got its 2xx absorbs copies of the INVITE (RFC 6026 7.1), and copies of the 2xx
// (7.2).
inline constexpr absl::Duration kTimerL = absl::Seconds(32);  // 64*T1
inline constexpr absl::Duration kTimerM = absl::Seconds(32);  // 64*T1
// A 2xx is repeated until its ACK comes, over every transport, because the hop that loses it may be
// a later one: first after T1, doubling to T2, given up after this (RFC 3261 13.3.1.4).
inline constexpr absl::Duration kAckLimit = absl::Seconds(32);  // 64*T1

// The server says 100 by itself when its application has said nothing for so long: to an INVITE
// (17.2.1), and to others when timer E would have grown to T2: T1 + 2*T1 + 4*T1 (RFC 4320 4.1).
inline constexpr absl::Duration kInviteTryingDelay = absl::Milliseconds(200);
inline constexpr absl::Duration kOtherTryingDelay = absl::Milliseconds(3500);

}  // namespace sipcm::transaction

#endif  // SIPCM_CORE_TRANSACTION_TIMERS_H_
