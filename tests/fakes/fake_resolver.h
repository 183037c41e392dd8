#ifndef SIPCM_TESTS_FAKES_FAKE_RESOLVER_H_
#define SIPCM_TESTS_FAKES_FAKE_RESOLVER_H_

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/event/event_loop.h"
#include "core/net/address.h"
#include "core/net/resolver.h"

namespace sipcm::fakes {

// Answers from a table, after a delay in the loop's time. A host that is not in it does not exist
// (NOT_FOUND, DNS_NO_SUCH_NAME); literal addresses answer themselves. Outlives its resolutions.
class FakeResolver final : public net::Resolver {
 public:
  using Answer = absl::StatusOr<std::vector<net::IpAddress>>;

  explicit FakeResolver(event::EventLoop* loop) : loop_(loop) {}
  ~FakeResolver() override;

  // For questions from now on. Hosts are compared without regard to case.
  void SetAddresses(const std::string& host, const std::vector<std::string>& addresses);
  void SetError(const std::string& host, const absl::Status& error);
  // Never answers.
  void SetSilent(const std::string& host);
  void Forget(const std::string& host);
  void set_delay(absl::Duration delay) { delay_ = delay; }

  std::unique_ptr<net::Resolution> Resolve(const std::string& host, Callback done) override;

  // Questions so far, in order, and answers under way.
  const std::vector<std::string>& questions() const { return questions_; }
  size_t pending_count() const { return pending_count_; }

 private:
  class Pending;
  struct Entry {
    bool silent = false;
    Answer answer;
  };

  Entry Find(const std::string& host) const;

  event::EventLoop* const loop_;
  absl::Duration delay_;
  std::map<std::string, Entry> entries_;
  std::vector<std::string> questions_;
  size_t pending_count_ = 0;
};

}  // namespace sipcm::fakes

#endif  // SIPCM_TESTS_FAKES_FAKE_RESOLVER_H_
