#ifndef SIPCM_CORE_NET_SOCKET_FILE_DESCRIPTOR_H_
#define SIPCM_CORE_NET_SOCKET_FILE_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace sipcm::net {

// Owns one descriptor and closes it. Negative: none.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    other.Close();
    return *this;
  }
  ~FileDescriptor() { Close(); }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void Close() {
    // On Linux the descriptor is gone even when close() reports an error.
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

}  // namespace sipcm::net

#endif  // SIPCM_CORE_NET_SOCKET_FILE_DESCRIPTOR_H_
