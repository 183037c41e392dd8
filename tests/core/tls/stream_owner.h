#ifndef SIPCM_TESTS_CORE_TLS_STREAM_OWNER_H_
#define SIPCM_TESTS_CORE_TLS_STREAM_OWNER_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/net/byte_stream.h"

namespace sipcm::tls {

// Owns a stream, writes what it is given as fast as it goes, and notes all that happens.
class StreamOwner final : public net::ByteStream::Listener {
 public:
  explicit StreamOwner(std::unique_ptr<net::ByteStream> stream) : stream_(std::move(stream)) {}

  void Start() {
    stream_->Start(this);
    if (stream_->is_ready()) OnReady();
  }
  void Send(absl::string_view bytes) {
    unsent_.append(bytes.data(), bytes.size());
    if (ready) Flush();
  }
  net::IoResult ReadOnce() {
    std::string buffer(read_size, '\0');
    const net::IoResult result = stream_->Read(absl::MakeSpan(&buffer[0], buffer.size()));
    if (result.outcome == net::IoResult::Outcome::kDone) received.append(buffer, 0, result.bytes);
    if (result.outcome == net::IoResult::Outcome::kEnd) ended = true;
    if (result.outcome == net::IoResult::Outcome::kFailed) broken = stream_->error();
    return result;
  }
  void Destroy() { stream_.reset(); }
  net::ByteStream* stream() { return stream_.get(); }

  void OnReady() override {
    ready = true;
    if (destroy_when_ready) return Destroy();
    Flush();
  }
  void OnReadable() override {
    ++readable_calls;
    if (!read_when_readable) return;
    ReadOnce();
    if (destroy_when_read) Destroy();
  }
  void OnWritable() override { Flush(); }
  void OnFailed() override {
    failed = true;
    failure = stream_->error();
    if (destroy_when_failed) Destroy();
  }

  // Settings.
  size_t read_size = 64 * 1024;
  bool read_when_readable = true;
  bool destroy_when_ready = false;
  bool destroy_when_read = false;
  bool destroy_when_failed = false;

  // What happened.
  bool ready = false;
  bool failed = false;
  bool ended = false;
  int readable_calls = 0;
  int blocked_writes = 0;
  absl::Status failure;  // instead of ready
  absl::Status broken;   // of a read or write
  std::string received;

  size_t unsent() const { return unsent_.size(); }

 private:
  void Flush() {
    while (!unsent_.empty()) {
      const net::IoResult result = stream_->Write(unsent_);
      if (result.outcome == net::IoResult::Outcome::kFailed) {
        broken = stream_->error();
        return;
      }
      const size_t asked = unsent_.size();
      unsent_.erase(0, result.bytes);
      if (result.bytes < asked) {
        ++blocked_writes;
        return;  // OnWritable
      }
    }
  }

  std::unique_ptr<net::ByteStream> stream_;
  std::string unsent_;
};

}  // namespace sipcm::tls

#endif  // SIPCM_TESTS_CORE_TLS_STREAM_OWNER_H_
