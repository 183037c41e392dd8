// The least that a server can do which hands SIP requests to an application over an Attach stream:
// epoll, framing, one gRPC message per read with all requests in it, five headers copied into each
// answer. No dispatch, no timers, no limits: what gRPC and the machine allow.
//
//   dispatch_limit    prints "SIP-PORT GRPC-ADDRESS", serves until its standard input ends

#include <grpcpp/grpcpp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "core/base/check.h"
#include "proto/sipcm/v1/messaging.grpc.pb.h"
#include "tests/benchmark/load/minimal_sip.h"

namespace sipcm::load {
namespace {

using Stream = grpc::ServerReaderWriter<v1::ServerFrame, v1::ApplicationFrame>;

// Requests that wait for their answer, by the number that is their id.
class OpenRequests {
 public:
  struct Request {
    int descriptor = -1;
    std::string head;
  };

  size_t Add(int descriptor, absl::string_view head) {
    absl::MutexLock lock(&mutex_);
    if (free_.empty()) {
      free_.push_back(requests_.size());
      requests_.emplace_back();
    }
    const size_t id = free_.back();
    free_.pop_back();
    requests_[id].descriptor = descriptor;
    requests_[id].head.assign(head.data(), head.size());
    return id;
  }
  // Appends the answer to what goes to its connection.
  void Answer(size_t id, std::unordered_map<int, std::string>* outputs) {
    absl::MutexLock lock(&mutex_);
    AppendAnswer(requests_[id].head, &(*outputs)[requests_[id].descriptor]);
    free_.push_back(id);
  }

 private:
  absl::Mutex mutex_;
  std::vector<Request> requests_ ABSL_GUARDED_BY(mutex_);
  std::vector<size_t> free_ ABSL_GUARDED_BY(mutex_);
};

class AttachService final : public v1::Messaging::Service {
 public:
  explicit AttachService(OpenRequests* open) : open_(open) {}

  grpc::Status Attach(grpc::ServerContext*, Stream* stream) override {
    v1::ApplicationFrame frame;
    if (!stream->Read(&frame)) return grpc::Status::OK;
    v1::ServerFrame started;
    for (const auto& each : frame.open().subscriptions()) {
      v1::Delivery* const delivery = started.add_deliveries();
      delivery->mutable_started()->set_endpoint(each.subscribe().endpoint());
      delivery->set_subscription_id(each.subscription_id());
    }
    stream->Write(started);
    {
      absl::MutexLock lock(&mutex_);
      stream_ = stream;
    }
    std::unordered_map<int, std::string> outputs;
    while (stream->Read(&frame)) {
      for (const v1::RespondRequest& response : frame.responses()) {
        size_t id = 0;
        SIPCM_CHECK(absl::SimpleAtoi(response.request_id(), &id));
        open_->Answer(id, &outputs);
      }
      for (auto& [descriptor, output] : outputs) {
        // A window of answers always fits into the socket's buffer.
        if (!output.empty()) ::send(descriptor, output.data(), output.size(), MSG_NOSIGNAL);
        output.clear();
      }
    }
    absl::MutexLock lock(&mutex_);
    stream_ = nullptr;
    return grpc::Status::OK;
  }

  void Write(const v1::ServerFrame& frame) {
    absl::MutexLock lock(&mutex_);
    if (stream_ != nullptr) stream_->Write(frame);
  }

 private:
  OpenRequests* const open_;
  absl::Mutex mutex_;
  Stream* stream_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

// Hands over all requests that one look at the sockets brought in one frame.
class Dispatcher {
 public:
  Dispatcher(AttachService* service, OpenRequests* open)
      : service_(service), open_(open), epoll_(::epoll_create1(0)) {
    Watch(listening_.descriptor);
    Watch(STDIN_FILENO);
  }
  int port() const { return listening_.port; }

  void ServeUntilInputEnds() {
    std::array<epoll_event, 256> events;
    while (true) {
      const int count = ::epoll_wait(epoll_, events.data(), events.size(), -1);
      frame_.clear_deliveries();
      for (int i = 0; i < count; ++i) {
        const int descriptor = events[i].data.fd;
        if (descriptor == STDIN_FILENO) return;
        if (descriptor == listening_.descriptor) {
          Accept();
        } else {
          Take(descriptor);
        }
      }
      if (frame_.deliveries_size() > 0) service_->Write(frame_);
    }
  }

 private:
  void Watch(int descriptor) {
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    SIPCM_CHECK(::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0);
  }

  void Accept() {
    while (true) {
      const int descriptor = ::accept4(listening_.descriptor, nullptr, nullptr, SOCK_NONBLOCK);
      if (descriptor < 0) return;
      const int on = 1;
      ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      Watch(descriptor);
    }
  }

  void Take(int descriptor) {
    const ssize_t count = ::recv(descriptor, buffer_.data(), buffer_.size(), 0);
    if (count <= 0) {
      ::close(descriptor);
      return;
    }
    std::string& rest = rests_[descriptor];
    absl::string_view bytes(buffer_.data(), static_cast<size_t>(count));
    if (!rest.empty()) {
      rest.append(bytes.data(), bytes.size());
      joined_ = std::exchange(rest, std::string());
      bytes = joined_;
    }
    RawRequest request;
    while (NextRequest(&bytes, &request)) {
      v1::Delivery* const delivery = frame_.add_deliveries();
      delivery->set_subscription_id(1);
      v1::RequestDelivery* const out = delivery->mutable_request();
      out->set_request_id(absl::StrCat(open_->Add(descriptor, request.head)));
      out->set_endpoint("endpoints/echo");
      out->mutable_request()->set_method("OPTIONS");
      out->mutable_request()->set_raw(request.whole.data(), request.whole.size());
    }
    rest.assign(bytes.data(), bytes.size());
  }

  AttachService* const service_;
  OpenRequests* const open_;
  const Listening listening_ = ListenOnLoopback();
  const int epoll_;
  std::array<char, 64 * 1024> buffer_;
  std::unordered_map<int, std::string> rests_;  // partial messages, by descriptor
  std::string joined_;
  v1::ServerFrame frame_;
};

int Run() {
  OpenRequests open;
  AttachService service(&open);
  int grpc_port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &grpc_port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  SIPCM_CHECK(server != nullptr);
  Dispatcher dispatcher(&service, &open);
  std::printf("%d 127.0.0.1:%d\n", dispatcher.port(), grpc_port);
  std::fflush(stdout);
  dispatcher.ServeUntilInputEnds();
  std::_Exit(0);  // the stream is open; nothing is to be kept
}

}  // namespace
}  // namespace sipcm::load

int main() {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return sipcm::load::Run();
}
