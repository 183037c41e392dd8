#include "tests/fakes/fake_resolver.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/error.h"

namespace sipcm::fakes {

class FakeResolver::Pending final : public net::Resolution {
 public:
  Pending(FakeResolver* resolver, Entry entry, Callback done)
      : resolver_(resolver),
        answer_(std::move(entry.answer)),
        done_(std::move(done)),
        alarm_(resolver->loop_->NewAlarm([this] { Finish(); })) {
    ++resolver_->pending_count_;
    if (!entry.silent) alarm_->Set(resolver_->loop_->Now() + resolver_->delay_);
  }
  ~Pending() override { --resolver_->pending_count_; }

 private:
  void Finish() {
    // The callback may destroy this.
    Callback done = std::move(done_);
    Answer answer = std::move(answer_);
    done(std::move(answer));
  }

  FakeResolver* const resolver_;
  Answer answer_;
  Callback done_;
  const std::unique_ptr<event::Alarm> alarm_;
};

FakeResolver::~FakeResolver() {
  SIPCM_CHECK_MESSAGE(pending_count_ == 0, "a resolution outlives its resolver");
}

void FakeResolver::SetAddresses(const std::string& host,
                                const std::vector<std::string>& addresses) {
  std::vector<net::IpAddress> parsed;
  for (const std::string& address : addresses) {
    absl::StatusOr<net::IpAddress> ip = net::IpAddress::Parse(address);
    SIPCM_CHECK_MESSAGE(ip.ok(), address.c_str());
    parsed.push_back(*ip);
  }
  SIPCM_CHECK_MESSAGE(!parsed.empty(), "an answer without addresses is an error: SetError");
  entries_[absl::AsciiStrToLower(host)] = Entry{false, std::move(parsed)};
}

void FakeResolver::SetError(const std::string& host, const absl::Status& error) {
  entries_[absl::AsciiStrToLower(host)] = Entry{false, error};
}

void FakeResolver::SetSilent(const std::string& host) {
  entries_[absl::AsciiStrToLower(host)] = Entry{true, absl::UnavailableError("never told")};
}

void FakeResolver::Forget(const std::string& host) { entries_.erase(absl::AsciiStrToLower(host)); }

std::unique_ptr<net::Resolution> FakeResolver::Resolve(const std::string& host, Callback done) {
  questions_.push_back(host);
  return std::make_unique<Pending>(this, Find(host), std::move(done));
}

FakeResolver::Entry FakeResolver::Find(const std::string& host) const {
  const auto found = entries_.find(absl::AsciiStrToLower(host));
  if (found != entries_.end()) return found->second;
  const absl::StatusOr<net::IpAddress> literal = net::IpAddress::Parse(host);
  if (literal.ok()) return Entry{false, std::vector<net::IpAddress>{*literal}};
  return Entry{false, MakeError(absl::StatusCode::kNotFound, "DNS_NO_SUCH_NAME",
                                absl::StrCat("cannot resolve \"", host, "\": no such name"))};
}

}  // namespace sipcm::fakes
