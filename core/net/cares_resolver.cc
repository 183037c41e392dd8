#include "core/net/cares_resolver.h"

#include <ares.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"

namespace sipcm::net {
namespace {

constexpr size_t kLongestName = 253;  // RFC 1035 3.1, as text
constexpr int kTries = 2;

using Answer = absl::StatusOr<std::vector<IpAddress>>;

std::string CannotResolve(absl::string_view host) {
  return absl::StrCat("cannot resolve \"", absl::CHexEscape(host.substr(0, kLongestName)), "\": ");
}

// What could never be a name must not reach c-ares, which stops at a NUL.
bool IsPlausibleName(absl::string_view host) {
  return !host.empty() && host.size() <= kLongestName + 1 &&
         std::all_of(host.begin(), host.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

absl::Status NoSuchName(absl::string_view host) {
  return MakeError(absl::StatusCode::kNotFound, "DNS_NO_SUCH_NAME",
                   absl::StrCat(CannotResolve(host),
                                "no such name; check the spelling, or the "
                                "records of its domain"));
}

absl::Status TimedOut(absl::string_view host) {
  return MakeError(absl::StatusCode::kDeadlineExceeded, "DNS_TIMEOUT",
                   absl::StrCat(CannotResolve(host),
                                "no DNS server answered in time; check the "
                                "servers in /etc/resolv.conf and the way to them"));
}

absl::Status ServerFailed(absl::string_view host, absl::string_view why) {
  return MakeError(absl::StatusCode::kUnavailable, "DNS_SERVER_FAILED",
                   absl::StrCat(CannotResolve(host), why));
}

absl::Status ErrorOf(absl::string_view host, int status) {
  switch (status) {
    case ARES_ENOTFOUND:
    case ARES_EBADNAME:
      return NoSuchName(host);
    case ARES_SUCCESS:  // without an address
    case ARES_ENODATA:
      return MakeError(absl::StatusCode::kNotFound, "DNS_NO_ADDRESS",
                       absl::StrCat(CannotResolve(host),
                                    "the name exists, but has neither an A "
                                    "nor an AAAA record"));
    case ARES_ETIMEOUT:
      return TimedOut(host);
    default:
      return ServerFailed(host, ares_strerror(status));
  }
}

std::vector<IpAddress> AddressesOf(const ares_addrinfo* answer) {
  std::vector<IpAddress> addresses;
  const ares_addrinfo_node* node = answer == nullptr ? nullptr : answer->nodes;
  for (; node != nullptr && addresses.size() < CaresResolver::kMaxAddresses; node = node->ai_next) {
    IpAddress ip;
    if (node->ai_family == AF_INET) {
      const auto* ipv4 = reinterpret_cast<const sockaddr_in*>(node->ai_addr);
      ip = IpAddress::FromBytes(AddressFamily::kIpv4,
                                reinterpret_cast<const uint8_t*>(&ipv4->sin_addr));
    } else if (node->ai_family == AF_INET6) {
      const auto* ipv6 = reinterpret_cast<const sockaddr_in6*>(node->ai_addr);
      ip = IpAddress::FromBytes(AddressFamily::kIpv6,
                                reinterpret_cast<const uint8_t*>(&ipv6->sin6_addr));
    } else {
      continue;
    }
    if (std::find(addresses.begin(), addresses.end(), ip) == addresses.end()) {
      addresses.push_back(ip);
    }
  }
  return addresses;
}

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

}  // namespace

// Lives until c-ares has answered, which it cannot be kept from for a single question.
struct CaresResolver::Question {
  CaresResolver* resolver;
  Pending* pending;  // null when given up
};

class CaresResolver::Pending final : public Resolution {
 public:
  Pending(CaresResolver* resolver, const std::string& host, Callback done)
      : resolver_(resolver),
        host_(host),
        done_(std::move(done)),
        alarm_(resolver->loop_->NewAlarm([this] { Finish(); })) {
    ++resolver_->pending_count_;
    alarm_->Set(resolver_->loop_->Now() + resolver_->options_.timeout);
  }
  ~Pending() override {
    if (question_ != nullptr) question_->pending = nullptr;
    --resolver_->pending_count_;
  }

  const std::string& host() const { return host_; }
  void set_question(Question* question) { question_ = question; }
  // Told in the next turn: we may be inside Resolve() or inside c-ares.
  void SetAnswer(Answer answer) {
    answer_ = std::move(answer);
    alarm_->Set(resolver_->loop_->Now());
  }

 private:
  void Finish() {
    Answer answer = answer_.has_value() ? *std::move(answer_) : Answer(TimedOut(host_));
    // The callback may destroy this.
    Callback done = std::move(done_);
    done(std::move(answer));
  }

  CaresResolver* const resolver_;
  const std::string host_;
  Callback done_;
  Question* question_ = nullptr;
  std::optional<Answer> answer_;
  const std::unique_ptr<event::Alarm> alarm_;
};

// One of c-ares' own descriptors.
class CaresResolver::Socket final : private event::FdListener {
 public:
  Socket(CaresResolver* resolver, int fd)
      : resolver_(resolver), fd_(fd), watch_(resolver->loop_->WatchFd(fd, this)) {}
  void SetInterest(bool readable, bool writable) { watch_->SetInterest(readable, writable); }

 private:
  // c-ares may close the descriptor, and so end this, from inside either.
  void OnFdReadable() override { resolver_->Process(fd_, ARES_SOCKET_BAD); }
  void OnFdWritable() override { resolver_->Process(ARES_SOCKET_BAD, fd_); }

  CaresResolver* const resolver_;
  const int fd_;
  const std::unique_ptr<event::FdWatch> watch_;
};

absl::StatusOr<std::unique_ptr<CaresResolver>> CaresResolver::Create(
    event::FdLoop* loop, const CaresResolverOptions& options) {
  std::unique_ptr<CaresResolver> resolver(new CaresResolver(loop, options));
  SIPCM_RETURN_IF_ERROR(resolver->Begin());
  return resolver;
}

CaresResolver::CaresResolver(event::FdLoop* loop, const CaresResolverOptions& options)
    : loop_(loop), options_(options) {
  timer_ = loop_->NewAlarm([this] { Process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); });
}

absl::Status CaresResolver::Begin() {
  static const int library_status = ares_library_init(ARES_LIB_INIT_ALL);  // once a process
  ares_options native = {};
  native.timeout = Milliseconds(options_.try_timeout);
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
  if (options_.servers.empty()) return absl::OkStatus();
  status = ares_set_servers_ports_csv(channel_, options_.servers.c_str());
  if (status != ARES_SUCCESS) {
    return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_FIELD",
                     absl::StrCat("\"", absl::CHexEscape(options_.servers),
                                  "\" is not a list of DNS servers: ", ares_strerror(status),
                                  "; write one like \"192.0.2.53,192.0.2.54:5353\""));
  }
  return absl::OkStatus();
}

CaresResolver::~CaresResolver() {
  SIPCM_CHECK_MESSAGE(pending_count_ == 0, "a resolution outlives its resolver");
  if (channel_ != nullptr) ares_destroy(channel_);  // answers and closes what is left
}

std::unique_ptr<Resolution> CaresResolver::Resolve(const std::string& host, Callback done) {
  auto pending = std::make_unique<Pending>(this, host, std::move(done));
  const absl::StatusOr<IpAddress> literal = IpAddress::Parse(host);
  if (literal.ok()) {
    pending->SetAnswer(std::vector<IpAddress>{*literal});
  } else if (!IsPlausibleName(host)) {
    pending->SetAnswer(NoSuchName(host));
  } else if (question_count_ >= options_.max_questions) {
    pending->SetAnswer(ServerFailed(
        host, absl::StrCat("too many questions are under way (", options_.max_questions, ")")));
  } else {
    Ask(pending.get());
  }
  return pending;
}

void CaresResolver::Ask(Pending* pending) {
  ares_addrinfo_hints hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  Question* const question = new Question{this, pending};
  pending->set_question(question);
  ++question_count_;
  // Answers from inside for a name of /etc/hosts.
  ares_getaddrinfo(channel_, pending->host().c_str(), nullptr, &hints, &OnAnswer, question);
  SetTimer();
}

void CaresResolver::OnAnswer(void* argument, int status, int /*timeouts*/, ares_addrinfo* answer) {
  const std::unique_ptr<Question> question(static_cast<Question*>(argument));
  const std::unique_ptr<ares_addrinfo, void (*)(ares_addrinfo*)> owned(answer, &ares_freeaddrinfo);
  --question->resolver->question_count_;
  Pending* const pending = question->pending;
  if (pending == nullptr) return;
  pending->set_question(nullptr);
  std::vector<IpAddress> addresses = AddressesOf(answer);
  if (status == ARES_SUCCESS && !addresses.empty()) {
    pending->SetAnswer(std::move(addresses));
  } else {
    pending->SetAnswer(ErrorOf(pending->host(), status));
  }
}

void CaresResolver::OnSocketState(void* argument, int fd, int readable, int writable) {
  CaresResolver* const resolver = static_cast<CaresResolver*>(argument);
  if (readable == 0 && writable == 0) {
    resolver->sockets_.erase(fd);
    return;
  }
  std::unique_ptr<Socket>& socket = resolver->sockets_[fd];
  if (socket == nullptr) socket = std::make_unique<Socket>(resolver, fd);
  socket->SetInterest(readable != 0, writable != 0);
}

void CaresResolver::Process(int readable_fd, int writable_fd) {
  ares_process_fd(channel_, readable_fd, writable_fd);
  SetTimer();
}

void CaresResolver::SetTimer() {
  timeval wait;
  if (ares_timeout(channel_, nullptr, &wait) == nullptr) return timer_->Cancel();
  timer_->Set(loop_->Now() + absl::DurationFromTimeval(wait));
}

}  // namespace sipcm::net
