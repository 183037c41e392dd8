#include "core/net/dns/cares_channel.h"

#include <ares.h>
#include <sys/socket.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace sipcm::net {
namespace {

constexpr int kTries = 2;
constexpr int kClassInternet = 1;

}  // namespace

// Lives until c-ares has answered, which it cannot be kept from for a single question.
struct CaresChannel::Question {
  CaresChannel* channel;
  AddressCallback on_addresses;
  ReplyCallback on_reply;
};

// One of c-ares' own descriptors.
class CaresChannel::Socket final : private event::FdListener {
 public:
  Socket(CaresChannel* channel, int fd)
      : channel_(channel), fd_(fd), watch_(channel->loop_->WatchFd(fd, this)) {}
  void SetInterest(bool readable, bool writable) { watch_->SetInterest(readable, writable); }

 private:
  // c-ares may close the descriptor, and so end this, from inside either.
  void OnFdReadable() override { channel_->Process(fd_, ARES_SOCKET_BAD); }
  void OnFdWritable() override { channel_->Process(ARES_SOCKET_BAD, fd_); }

  CaresChannel* const channel_;
  const int fd_;
  const std::unique_ptr<event::FdWatch> watch_;
};

absl::StatusOr<std::unique_ptr<CaresChannel>> CaresChannel::Create(event::FdLoop* loop,
                                                                   const Options& options) {
  std::unique_ptr<CaresChannel> channel(new CaresChannel(loop));
  SIPCM_RETURN_IF_ERROR(channel->Begin(options));
  return channel;
}

CaresChannel::CaresChannel(event::FdLoop* loop) : loop_(loop) {
  timer_ = loop_->NewAlarm([this] { Process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); });
}

absl::Status CaresChannel::Begin(const Options& options) {
  static const int library_status = ares_library_init(ARES_LIB_INIT_ALL);  // once a process
  ares_options native = {};
  native.timeout = static_cast<int>(absl::ToInt64Milliseconds(options.try_timeout));
  native.tries = kTries;
  native.sock_state_cb = &OnSocketState;
  native.sock_state_cb_data = this;
  int status = library_status;
  if (status == ARES_SUCCESS) {
    status = ares_init_options(&channel_, &native,
                               ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
  }
  if (status != ARES_SUCCESS) {
    channel_ = nullptr;
    return MakeError(absl::StatusCode::kUnavailable, "DNS_SERVER_FAILED",
                     absl::StrCat("cannot begin to resolve names: ", ares_strerror(status),
                                  "; check /etc/resolv.conf"));
  }
  if (options.servers.empty()) return absl::OkStatus();
  status = ares_set_servers_ports_csv(channel_, options.servers.c_str());
  if (status != ARES_SUCCESS) {
    return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_FIELD",
                     absl::StrCat("\"", absl::CHexEscape(options.servers),
                                  "\" is not a list of DNS servers: ", ares_strerror(status),
                                  "; write one like \"192.0.2.53,192.0.2.54:5353\""));
  }
  return absl::OkStatus();
}

CaresChannel::~CaresChannel() {
  if (channel_ != nullptr) ares_destroy(channel_);  // answers and closes what is left
}

void CaresChannel::AskAddresses(const std::string& name, AddressFamily family,
                                AddressCallback done) {
  ares_addrinfo_hints hints = {};
  hints.ai_family = family == AddressFamily::kIpv4 ? AF_INET : AF_INET6;
  hints.ai_socktype = SOCK_STREAM;
  ++question_count_;
  ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, &OnAddresses,
                   new Question{this, std::move(done), nullptr});
  SetTimer();
}

void CaresChannel::Ask(const std::string& name, uint16_t type, ReplyCallback done) {
  ++question_count_;
  ares_query(channel_, name.c_str(), kClassInternet, type, &OnReply,
             new Question{this, nullptr, std::move(done)});
  SetTimer();
}

void CaresChannel::OnAddresses(void* argument, int status, int /*timeouts*/,
                               ares_addrinfo* answer) {
  const std::unique_ptr<Question> question(static_cast<Question*>(argument));
  const std::unique_ptr<ares_addrinfo, void (*)(ares_addrinfo*)> owned(answer, &ares_freeaddrinfo);
  --question->channel->question_count_;
  question->on_addresses(status, answer);
}

void CaresChannel::OnReply(void* argument, int status, int /*timeouts*/, unsigned char* reply,
                           int size) {
  const std::unique_ptr<Question> question(static_cast<Question*>(argument));
  --question->channel->question_count_;
  question->on_reply(status, reply == nullptr || size <= 0
                                 ? absl::string_view()
                                 : absl::string_view(reinterpret_cast<const char*>(reply),
                                                     static_cast<size_t>(size)));
}

void CaresChannel::OnSocketState(void* argument, int fd, int readable, int writable) {
  CaresChannel* const channel = static_cast<CaresChannel*>(argument);
  if (readable == 0 && writable == 0) {
    channel->sockets_.erase(fd);
    return;
  }
  std::unique_ptr<Socket>& socket = channel->sockets_[fd];
  if (socket == nullptr) socket = std::make_unique<Socket>(channel, fd);
  socket->SetInterest(readable != 0, writable != 0);
}

void CaresChannel::Process(int readable_fd, int writable_fd) {
  ares_process_fd(channel_, readable_fd, writable_fd);
  SetTimer();
}

void CaresChannel::SetTimer() {
  timeval wait;
  if (ares_timeout(channel_, nullptr, &wait) == nullptr) return timer_->Cancel();
  timer_->Set(loop_->Now() + absl::DurationFromTimeval(wait));
}

}  // namespace sipcm::net
