#ifndef SIPCM_SERVER_MEMORY_RETURN_H_
#define SIPCM_SERVER_MEMORY_RETURN_H_

#include <cstdint>

namespace sipcm::server {

// When to give memory back to the system. After a storm of connections the allocator keeps what
// they held, scattered over its arenas; giving it back costs milliseconds in which those who
// allocate may wait, so it is done only when most of a crowd has gone. Thread: one.
class MemoryReturn {
 public:
  // Fewer than these are not worth it: some 8 MiB of TLS connections.
  static constexpr int64_t kSmallestFall = 200;

  // To be told, now and then, how many connections there are. True: half or more of the most there
  // were since the last time it was true have gone, and at least kSmallestFall.
  bool OnConnectionCount(int64_t count);

 private:
  int64_t most_ = 0;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_MEMORY_RETURN_H_
