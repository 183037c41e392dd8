#include "tests/fakes/dns/fake_resolver.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/error.h"

namespace sipcm::fakes {

using net::DnsAnswer;
using net::RecordType;

class FakeResolver::Pending final : public net::Resolution {
 public:
  Pending(FakeResolver* resolver, Callback done)
      : resolver_(resolver),
        done_(std::move(done)),
        alarm_(resolver->loop_->NewAlarm([this] { Finish(); })) {
    ++resolver_->pending_count_;
  }
  ~Pending() override { --resolver_->pending_count_; }

  void AnswerLater(DnsAnswer answer) {
    answer_ = std::move(answer);
    alarm_->Set(resolver_->loop_->Now() + resolver_->delay_);
  }

 private:
  void Finish() {
    // The callback may destroy this.
    Callback done = std::move(done_);
    const DnsAnswer answer = std::move(answer_);
    done(answer);
  }

  FakeResolver* const resolver_;
  DnsAnswer answer_;
  Callback done_;
  const std::unique_ptr<event::Alarm> alarm_;
};

FakeResolver::~FakeResolver() {
  SIPCM_CHECK_MESSAGE(pending_count_ == 0, "a resolution outlives its resolver");
}

void FakeResolver::SetAddresses(const std::string& host,
                                const std::vector<std::string>& addresses) {
  DnsAnswer answer;
  for (const std::string& address : addresses) {
    absl::StatusOr<net::IpAddress> ip = net::IpAddress::Parse(address);
    SIPCM_CHECK_MESSAGE(ip.ok(), address.c_str());
    answer.addresses.push_back(*ip);
  }
  SIPCM_CHECK_MESSAGE(!addresses.empty(), "an answer without addresses is an error: SetError");
  records_[{RecordType::kAddress, absl::AsciiStrToLower(host)}] = std::move(answer);
}

void FakeResolver::SetServices(const std::string& name, std::vector<net::ServiceRecord> services) {
  records_[{RecordType::kService, absl::AsciiStrToLower(name)}].services = std::move(services);
}

void FakeResolver::SetPointers(const std::string& name, std::vector<net::PointerRecord> pointers) {
  records_[{RecordType::kPointer, absl::AsciiStrToLower(name)}].pointers = std::move(pointers);
}

void FakeResolver::SetError(const std::string& name, const absl::Status& error) {
  errors_[absl::AsciiStrToLower(name)] = error;
}

void FakeResolver::SetSilent(const std::string& name) {
  silent_.insert(absl::AsciiStrToLower(name));
}

void FakeResolver::Forget(const std::string& name) {
  const std::string lower = absl::AsciiStrToLower(name);
  for (const RecordType type : {RecordType::kAddress, RecordType::kService, RecordType::kPointer}) {
    records_.erase({type, lower});
  }
  errors_.erase(lower);
  silent_.erase(lower);
}

std::unique_ptr<net::Resolution> FakeResolver::Resolve(RecordType type, const std::string& name,
                                                       Callback done) {
  questions_.push_back(absl::StrCat(type == RecordType::kAddress   ? ""
                                    : type == RecordType::kService ? "SRV "
                                                                   : "NAPTR ",
                                    name));
  auto pending = std::make_unique<Pending>(this, std::move(done));
  if (!silent_.contains(absl::AsciiStrToLower(name))) pending->AnswerLater(Find(type, name));
  return pending;
}

DnsAnswer FakeResolver::Find(RecordType type, const std::string& name) const {
  const std::string lower = absl::AsciiStrToLower(name);
  DnsAnswer answer;
  const auto error = errors_.find(lower);
  const auto found = records_.find({type, lower});
  const absl::StatusOr<net::IpAddress> literal = net::IpAddress::Parse(name);
  if (error != errors_.end()) {
    answer.status = error->second;
  } else if (found != records_.end()) {
    answer = found->second;
  } else if (type == RecordType::kAddress && literal.ok()) {
    answer.addresses = {*literal};
  } else {
    answer.status = MakeError(absl::StatusCode::kNotFound, "DNS_NO_SUCH_NAME",
                              absl::StrCat("cannot resolve \"", name, "\": no such name"));
  }
  answer.ttl = ttl_;
  return answer;
}

}  // namespace sipcm::fakes
