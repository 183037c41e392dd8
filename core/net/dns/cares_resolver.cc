#include "core/net/dns/cares_resolver.h"

#include <ares.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/net/dns/dns_reply.h"

namespace sipcm::net {
namespace {

constexpr size_t kLongestName = 253;  // RFC 1035 3.1, as text
constexpr uint16_t kTypeSrv = 33;
constexpr uint16_t kTypeNaptr = 35;

std::string CannotResolve(RecordType type, absl::string_view name) {
  const absl::string_view what = type == RecordType::kAddress   ? ""
                                 : type == RecordType::kService ? "SRV records of "
                                                                : "NAPTR records of ";
  return absl::StrCat("cannot resolve ", what, "\"", absl::CHexEscape(name.substr(0, kLongestName)),
                      "\": ");
}

// What could never be a name must not reach c-ares, which stops at a NUL.
bool IsPlausibleName(absl::string_view name) {
  return !name.empty() && name.size() <= kLongestName + 1 &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

// RFC 6761 6.3. Not left to c-ares 1.18, which leaks memory for each answer about it.
bool IsThisHost(absl::string_view name) {
  return absl::EqualsIgnoreCase(name, "localhost") || absl::EndsWithIgnoreCase(name, ".localhost");
}

absl::Status ErrorOf(RecordType type, absl::string_view name, int status) {
  const std::string cannot = CannotResolve(type, name);
  switch (status) {
    case ARES_ENOTFOUND:
    case ARES_EBADNAME:
      return MakeError(absl::StatusCode::kNotFound, "DNS_NO_SUCH_NAME",
                       absl::StrCat(cannot,
                                    "no such name; check the spelling, or the records of its "
                                    "domain"));
    case ARES_SUCCESS:  // without a record of use
    case ARES_ENODATA:
      return MakeError(absl::StatusCode::kNotFound, "DNS_NO_ADDRESS",
                       absl::StrCat(cannot, type == RecordType::kAddress
                                                ? "the name exists, but has neither an A nor an "
                                                  "AAAA record"
                                                : "the name exists, but has no such record"));
    case ARES_ETIMEOUT:
      return MakeError(absl::StatusCode::kDeadlineExceeded, "DNS_TIMEOUT",
                       absl::StrCat(cannot,
                                    "no DNS server answered in time; check the servers in "
                                    "/etc/resolv.conf or --dns_servers, and the way to them"));
    default:
      return MakeError(absl::StatusCode::kUnavailable, "DNS_SERVER_FAILED",
                       absl::StrCat(cannot, ares_strerror(status)));
  }
}

IpAddress AddressOf(const sockaddr* native) {
  if (native->sa_family == AF_INET) {
    return IpAddress::FromBytes(
        AddressFamily::kIpv4,
        reinterpret_cast<const uint8_t*>(&reinterpret_cast<const sockaddr_in*>(native)->sin_addr));
  }
  return IpAddress::FromBytes(
      AddressFamily::kIpv6,
      reinterpret_cast<const uint8_t*>(&reinterpret_cast<const sockaddr_in6*>(native)->sin6_addr));
}

}  // namespace

// One question of ours: one or two of c-ares.
class CaresResolver::Pending final : public Resolution {
 public:
  Pending(CaresResolver* resolver, RecordType type, std::string name, Callback done)
      : resolver_(resolver),
        type_(type),
        name_(std::move(name)),
        done_(std::move(done)),
        alarm_(resolver->loop_->NewAlarm([this] { Finish(); })) {
    ++resolver_->pending_count_;
    alarm_->Set(resolver_->loop_->Now() + resolver_->options_.timeout);
    Begin();
  }
  ~Pending() override {
    *self_ = nullptr;
    --resolver_->pending_count_;
  }

 private:
  void Begin() {
    const absl::StatusOr<IpAddress> literal = IpAddress::Parse(name_);
    const size_t cost = type_ == RecordType::kAddress ? 2 : 1;
    if (type_ == RecordType::kAddress && literal.ok()) {
      answer_.addresses = {*literal};
      answer_.ttl = absl::InfiniteDuration();
      return FinishSoon();
    }
    if (type_ == RecordType::kAddress && IsThisHost(name_)) {
      answer_.addresses = {*IpAddress::Parse("::1"), *IpAddress::Parse("127.0.0.1")};
      answer_.ttl = absl::InfiniteDuration();
      return FinishSoon();
    }
    if (!IsPlausibleName(name_)) {
      failure_ = ARES_EBADNAME;
      return FinishSoon();
    }
    if (resolver_->question_count() + cost > resolver_->options_.max_questions) {
      overloaded_ = true;
      return FinishSoon();
    }
    if (type_ == RecordType::kAddress) return AskAddresses();
    resolver_->channel_->Ask(name_, type_ == RecordType::kService ? kTypeSrv : kTypeNaptr,
                             [self = self_](int status, absl::string_view reply) {
                               if (*self != nullptr) (*self)->OnReply(status, reply);
                             });
  }

  // What a local file knows is told from inside; DNS is not waited for then.
  void AskAddresses() {
    open_ = 2;
    for (const AddressFamily family : {AddressFamily::kIpv6, AddressFamily::kIpv4}) {
      resolver_->channel_->AskAddresses(name_, family,
                                        [self = self_](int status, const ares_addrinfo* answer) {
                                          if (*self != nullptr) (*self)->OnFamily(status, answer);
                                        });
    }
    if (!answer_.addresses.empty()) FinishSoon();
  }

  void OnFamily(int status, const ares_addrinfo* answer) {
    --open_;
    const bool is_ipv6_after_ipv4 = !answer_.addresses.empty();
    std::vector<IpAddress> addresses;
    const ares_addrinfo_node* node = answer == nullptr ? nullptr : answer->nodes;
    for (; node != nullptr && addresses.size() < kMaxAddresses; node = node->ai_next) {
      const IpAddress ip = AddressOf(node->ai_addr);
      if (std::find(addresses.begin(), addresses.end(), ip) == addresses.end()) {
        addresses.push_back(ip);
      }
      ttl_ = std::min(ttl_, absl::Seconds(node->ai_ttl));
    }
    for (auto* alias = answer == nullptr ? nullptr : answer->cnames; alias != nullptr;
         alias = alias->next) {
      ttl_ = std::min(ttl_, absl::Seconds(alias->ttl));
    }
    if (addresses.empty() && (failure_ == kNone || Tells(status, failure_))) failure_ = status;
    const bool goes_first =
        is_ipv6_after_ipv4 && !addresses.empty() && addresses[0].family() == AddressFamily::kIpv6;
    answer_.addresses.insert(goes_first ? answer_.addresses.begin() : answer_.addresses.end(),
                             addresses.begin(), addresses.end());
    if (open_ == 0) return FinishSoon();
    // A name that does not exist has no records of any type (RFC 8020).
    if (addresses.empty() && status != ARES_ENOTFOUND) return;
    alarm_->Set(resolver_->loop_->Now() + resolver_->options_.family_delay);
  }

  // Of two failures the one that says more: a server that fails may know what another does not.
  static bool Tells(int status, int than) {
    const auto weight = [](int failure) {
      if (failure == ARES_ENOTFOUND) return 1;
      return failure == ARES_SUCCESS ? 0 : failure == ARES_ENODATA ? 2 : 3;
    };
    return weight(status) >= weight(than);
  }

  void OnReply(int status, absl::string_view bytes) {
    failure_ = status;
    const std::optional<DnsReply> reply = ParseDnsReply(bytes);
    if (status == ARES_SUCCESS && !reply.has_value()) failure_ = ARES_EBADRESP;
    if (reply.has_value()) {
      if (type_ == RecordType::kService) answer_.services = reply->services;
      if (type_ == RecordType::kPointer) answer_.pointers = reply->pointers;
      ttl_ = reply->ttl;
      negative_ttl_ = reply->negative_ttl.value_or(kNegativeTtl);
    }
    FinishSoon();
  }

  // Told in the next turn: we may be inside Resolve() or inside c-ares.
  void FinishSoon() { alarm_->Set(resolver_->loop_->Now()); }

  void Finish() {
    const bool found =
        !answer_.addresses.empty() || !answer_.services.empty() || !answer_.pointers.empty();
    if (found) {
      if (answer_.ttl == absl::ZeroDuration()) answer_.ttl = ttl_;
    } else if (overloaded_) {
      answer_.status =
          MakeError(absl::StatusCode::kUnavailable, "DNS_SERVER_FAILED",
                    absl::StrCat(CannotResolve(type_, name_), "too many questions are under way (",
                                 resolver_->options_.max_questions, ")"));
    } else {
      answer_.status = ErrorOf(type_, name_, IsOpen() ? ARES_ETIMEOUT : failure_);
      answer_.ttl = absl::IsNotFound(answer_.status) ? std::max(negative_ttl_, absl::Seconds(1))
                                                     : kNegativeTtl;
    }
    // The callback may destroy this.
    Callback done = std::move(done_);
    const DnsAnswer answer = std::move(answer_);
    done(answer);
  }
  // The time limit has come first.
  bool IsOpen() const { return failure_ == kNone || (open_ > 0 && failure_ != ARES_ENOTFOUND); }

  static constexpr int kNone = -1;

  CaresResolver* const resolver_;
  const RecordType type_;
  const std::string name_;
  Callback done_;
  DnsAnswer answer_;
  int open_ = 0;         // address families
  int failure_ = kNone;  // of ares.h
  bool overloaded_ = false;
  absl::Duration ttl_ = absl::InfiniteDuration();
  absl::Duration negative_ttl_ = kNegativeTtl;
  const std::shared_ptr<Pending*> self_ = std::make_shared<Pending*>(this);
  const std::unique_ptr<event::Alarm> alarm_;
};

absl::StatusOr<std::unique_ptr<CaresResolver>> CaresResolver::Create(
    event::FdLoop* loop, const CaresResolverOptions& options) {
  SIPCM_ASSIGN_OR_RETURN(
      std::unique_ptr<CaresChannel> channel,
      CaresChannel::Create(loop, {.servers = options.servers, .try_timeout = options.try_timeout}));
  return std::unique_ptr<CaresResolver>(new CaresResolver(loop, options, std::move(channel)));
}

CaresResolver::CaresResolver(event::FdLoop* loop, const CaresResolverOptions& options,
                             std::unique_ptr<CaresChannel> channel)
    : loop_(loop), options_(options), channel_(std::move(channel)) {}

CaresResolver::~CaresResolver() {
  SIPCM_CHECK_MESSAGE(pending_count_ == 0, "a resolution outlives its resolver");
}

std::unique_ptr<Resolution> CaresResolver::Resolve(RecordType type, const std::string& name,
                                                   Callback done) {
  return std::make_unique<Pending>(this, type, name, std::move(done));
}

}  // namespace sipcm::net
