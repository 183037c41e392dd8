#ifndef SIPCM_TESTS_CORE_CONNECTION_HANDSHAKING_STREAM_H_
#define SIPCM_TESTS_CORE_CONNECTION_HANDSHAKING_STREAM_H_

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/event/event_loop.h"
#include "core/net/byte_stream.h"

namespace sipcm::connection {

// Stands for TLS: when started, it is ready after `delay`, or fails with `failure`.
class HandshakingStream final : public net::ByteStream {
 public:
  struct Plan {
    absl::Duration delay;  // Infinite: never done
    absl::Status failure;
  };
  HandshakingStream(event::EventLoop* loop, Plan plan, std::unique_ptr<net::ByteStream> inner)
      : loop_(loop), plan_(std::move(plan)), inner_(std::move(inner)) {}

  void Start(Listener* listener) override {
    listener_ = listener;
    alarm_ = loop_->NewAlarm([this] { Finish(); });
    alarm_->Set(loop_->Now() + plan_.delay);
  }
  bool is_ready() const override { return ready_; }
  net::IoResult Read(absl::Span<char> into) override { return inner_->Read(into); }
  net::IoResult Write(absl::string_view bytes) override { return inner_->Write(bytes); }
  void SetReading(bool on) override {
    reading_ = on;
    if (ready_) inner_->SetReading(on);
  }
  void CloseWrite() override { inner_->CloseWrite(); }
  absl::Status error() const override { return ready_ ? inner_->error() : plan_.failure; }
  const net::SocketAddress& local_address() const override { return inner_->local_address(); }
  const net::SocketAddress& remote_address() const override { return inner_->remote_address(); }

 private:
  void Finish() {
    if (!plan_.failure.ok()) return listener_->OnFailed();
    ready_ = true;
    inner_->Start(listener_);
    listener_->OnReady();
  }

  event::EventLoop* const loop_;
  const Plan plan_;
  const std::unique_ptr<net::ByteStream> inner_;
  std::unique_ptr<event::Alarm> alarm_;
  Listener* listener_ = nullptr;
  bool ready_ = false;
  bool reading_ = true;
};

}  // namespace sipcm::connection

#endif  // SIPCM_TESTS_CORE_CONNECTION_HANDSHAKING_STREAM_H_
