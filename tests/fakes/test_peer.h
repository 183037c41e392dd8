#ifndef SIPCM_TESTS_FAKES_TEST_PEER_H_
#define SIPCM_TESTS_FAKES_TEST_PEER_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/net/byte_stream.h"

namespace sipcm::fakes {

// The remote side of a connection, as a test plays it: sends what it is told, keeps what it gets.
// Over any ByteStream, real or not. Thread: the stream's loop's.
class TestPeer final : private net::ByteStream::Listener {
 public:
  // Starts the stream.
  explicit TestPeer(std::unique_ptr<net::ByteStream> stream);
  TestPeer(const TestPeer&) = delete;
  TestPeer& operator=(const TestPeer&) = delete;

  // Queued without limit and written as the stream takes it; before readiness too.
  void Send(absl::string_view bytes);
  // In order, after what was sent.
  void CloseWrite();
  // Destroys the stream: FIN, or RST when input is unread.
  void Close();
  // Off: a peer that never reads.
  void SetReading(bool on);

  // All bytes that came since the last TakeReceived().
  const std::string& received() const { return received_; }
  std::string TakeReceived() { return std::exchange(received_, std::string()); }
  size_t unsent_size() const { return unsent_.size(); }

  bool is_ready() const { return ready_; }
  bool has_ended() const { return ended_; }         // the other side closed in order
  bool has_failed() const { return !error_.ok(); }  // reset, handshake refused, ...
  bool is_over() const { return has_ended() || has_failed(); }
  const absl::Status& error() const { return error_; }
  int readable_calls() const { return readable_calls_; }

  // Null after Close().
  net::ByteStream* stream() { return stream_.get(); }

 private:
  void OnReady() override;
  void OnReadable() override;
  void OnWritable() override { Flush(); }
  void OnFailed() override { error_ = stream_->error(); }
  void Flush();

  std::unique_ptr<net::ByteStream> stream_;
  std::string received_;
  std::string unsent_;
  absl::Status error_;
  int readable_calls_ = 0;
  bool ready_ = false;
  bool ended_ = false;
  bool closes_after_sending_ = false;
  bool write_closed_ = false;
};

}  // namespace sipcm::fakes

#endif  // SIPCM_TESTS_FAKES_TEST_PEER_H_
