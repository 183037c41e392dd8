#ifndef SIPCM_CORE_POOL_POOL_MEMBER_H_
#define SIPCM_CORE_POOL_POOL_MEMBER_H_

#include <memory>

#include "core/connection/attempt.h"
#include "core/connection/connection.h"
#include "core/pool/pool_policy.h"
#include "core/pool/pool_request.h"

namespace sipcm::pool {

// One place of a pool: a connection, or the attempt to open one.
struct PoolMember {
  PoolMember() = default;
  PoolMember(const PoolMember&) = delete;
  PoolMember& operator=(const PoolMember&) = delete;
  // Who still waits for it is never answered: hand them on before.
  ~PoolMember() {
    while (!requests.empty()) requests.front()->Delist();
  }

  MemberSnapshot Snapshot() const {
    return {.connecting = connection == nullptr,
            .usable = !exclusive && !throttled,
            .outstanding = connection == nullptr ? static_cast<int>(requests.size())
                                                 : connection->live_transactions()};
  }

  connection::Connection* connection = nullptr;  // null while connecting
  std::unique_ptr<connection::Attempt> attempt;  // while connecting
  PoolRequestList requests;                      // that wait for it, who opened it first
  bool exclusive = false;                        // opened with kNoSharing
  bool throttled = false;
};

}  // namespace sipcm::pool

#endif  // SIPCM_CORE_POOL_POOL_MEMBER_H_
