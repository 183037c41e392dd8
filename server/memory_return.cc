#include "server/memory_return.h"

namespace sipcm::server {

bool MemoryReturn::OnConnectionCount(int64_t count) {
  if (count > most_) most_ = count;
  if (most_ - count < kSmallestFall || count > most_ / 2) return false;
  most_ = count;
  return true;
}

}  // namespace sipcm::server
