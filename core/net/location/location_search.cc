#include "core/net/location/location_search.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/net/location/service_order.h"

namespace sipcm::net {
namespace {

bool IsLocalName(absl::string_view host) {
  return host == "localhost" || absl::EndsWith(host, ".localhost");
}

bool HasServices(const std::optional<DnsAnswer>& answer) {
  return answer.has_value() && answer->status.ok() && !answer->services.empty();
}

}  // namespace

LocationSearch::LocationSearch(event::EventLoop* loop, Resolver* resolver, RandomSource* random,
                               ServiceQuery query, Callback done)
    : loop_(loop),
      resolver_(resolver),
      random_(random),
      query_(std::move(query)),
      done_(std::move(done)),
      deadline_(loop->Now() + kLimit),
      alarm_(loop->NewAlarm([this] { OnAlarm(); })) {
  const absl::StatusOr<IpAddress> literal = IpAddress::Parse(query_.host);
  if (literal.ok()) {
    hosts_.resize(1);
    hosts_[0].record.port = query_.port;
    hosts_[0].answer.emplace().addresses = {*literal};
    SetLimit(absl::ZeroDuration());
  } else if (query_.steps == ServiceQuery::Steps::kAddresses || IsLocalName(query_.host)) {
    FollowHost();  // RFC 6761 6.3: nobody is asked for services of this host itself
  } else {
    AskForServices();
  }
}

void LocationSearch::AskForServices() {
  stage_ = Stage::kServices;
  SetLimit(kServiceLimit);
  pointer_question_ =
      resolver_->Resolve(RecordType::kPointer, query_.host, [this](const DnsAnswer& answer) {
        pointers_ = answer;
        OnServiceStep();
      });
  service_question_ = resolver_->Resolve(RecordType::kService, ServiceNameOf(query_),
                                         [this](const DnsAnswer& answer) {
                                           services_ = answer;
                                           OnServiceStep();
                                         });
}

void LocationSearch::OnServiceStep() {
  if (stage_ != Stage::kServices) return;
  if (!pointers_.has_value()) {
    if (HasServices(services_)) ShortenLimit(kStragglerLimit);
    return;
  }
  if (replacement_question_ == nullptr && AskForReplacement()) return;
  const bool waits = replacement_question_ != nullptr && !replacement_.has_value();
  if (!waits && (HasServices(replacement_) || services_.has_value())) FollowServices();
}

// False: NAPTR says no more than is asked for anyway.
bool LocationSearch::AskForReplacement() {
  if (!pointers_->status.ok()) return false;
  const std::string replacement = ReplacementOf(pointers_->pointers, query_.service);
  if (replacement.empty() || replacement == ServiceNameOf(query_)) return false;
  SetLimit(kServiceLimit);
  replacement_question_ =
      resolver_->Resolve(RecordType::kService, replacement, [this](const DnsAnswer& answer) {
        replacement_ = answer;
        OnServiceStep();
      });
  return true;
}

// What NAPTR led to, else the service's own name, else the host itself (RFC 3263 4.2).
void LocationSearch::FollowServices() {
  const std::optional<DnsAnswer>& found = HasServices(replacement_) ? replacement_ : services_;
  if (!HasServices(found)) return FollowHost();
  std::vector<ServiceRecord> services = OrderServices(found->services, random_);
  if (services.empty()) {
    is_refused_ = true;
    return Finish();
  }
  if (services.size() > kMaxServices) services.resize(kMaxServices);
  for (ServiceRecord& service : services) hosts_.emplace_back().record = std::move(service);
  AskForAddresses();
}

void LocationSearch::FollowHost() {
  Host& host = hosts_.emplace_back();
  host.record.target = query_.host;
  host.record.port = query_.port;
  AskForAddresses();
}

void LocationSearch::AskForAddresses() {
  stage_ = Stage::kAddresses;
  pointer_question_ = nullptr;
  service_question_ = nullptr;
  replacement_question_ = nullptr;
  SetLimit(kLimit);
  for (size_t i = 0; i < hosts_.size(); ++i) {
    hosts_[i].question = resolver_->Resolve(RecordType::kAddress, hosts_[i].record.target,
                                            [this, i](const DnsAnswer& answer) {
                                              hosts_[i].answer = answer;
                                              OnAddressStep();
                                            });
  }
}

void LocationSearch::OnAddressStep() {
  if (stage_ == Stage::kDone) return;
  const bool all = std::all_of(hosts_.begin(), hosts_.end(),
                               [](const Host& host) { return host.answer.has_value(); });
  if (all) return Finish();
  if (BestIsKnown()) ShortenLimit(kStragglerLimit);
}

// The first that has addresses has none before it that may still get some.
bool LocationSearch::BestIsKnown() const {
  for (const Host& host : hosts_) {
    if (!host.answer.has_value()) return false;
    if (host.answer->status.ok()) return true;
  }
  return false;
}

void LocationSearch::SetLimit(absl::Duration from_now) {
  limit_ = std::min(loop_->Now() + from_now, deadline_);
  alarm_->Set(limit_);
}

void LocationSearch::ShortenLimit(absl::Duration from_now) {
  if (loop_->Now() + from_now < limit_) SetLimit(from_now);
}

void LocationSearch::OnAlarm() {
  if (stage_ == Stage::kServices) return FollowServices();
  Finish();
}

void LocationSearch::Finish() {
  alarm_->Cancel();
  stage_ = Stage::kDone;
  Callback done = std::move(done_);
  done(Result());
}

absl::StatusOr<std::vector<ServiceTarget>> LocationSearch::Result() const {
  std::vector<ServiceTarget> targets;
  for (const Host& host : hosts_) {
    if (!host.answer.has_value() || !host.answer->status.ok()) continue;
    std::vector<IpAddress> addresses = InterleaveFamilies(host.answer->addresses);
    if (addresses.size() > kMaxAddressesPerHost) addresses.resize(kMaxAddressesPerHost);
    for (const IpAddress& ip : addresses) {
      const ServiceTarget target{{ip, host.record.port}, host.record.priority, host.record.weight};
      const bool is_there =
          std::any_of(targets.begin(), targets.end(),
                      [&](const ServiceTarget& other) { return other.address == target.address; });
      if (!is_there && targets.size() < kMaxTargets) targets.push_back(target);
    }
  }
  if (targets.empty()) return Failure();
  return targets;
}

absl::Status LocationSearch::Failure() const {
  if (is_refused_) {
    return MakeError(
        absl::StatusCode::kNotFound, "DNS_NO_SERVICE",
        absl::StrCat("\"", query_.host, "\" says by its SRV record at \"", ServiceNameOf(query_),
                     "\" that it does not offer this service; try the other "
                     "transport, or give a port"));
  }
  absl::Status failure;
  for (const Host& host : hosts_) {
    if (host.answer.has_value() && (failure.ok() || absl::IsNotFound(failure))) {
      failure = host.answer->status;
    }
  }
  if (!failure.ok()) return failure;
  return MakeError(absl::StatusCode::kDeadlineExceeded, "DNS_TIMEOUT",
                   absl::StrCat("cannot resolve \"", query_.host,
                                "\": no DNS server answered in time; check the servers in "
                                "/etc/resolv.conf or --dns_servers, and the way to them"));
}

}  // namespace sipcm::net
