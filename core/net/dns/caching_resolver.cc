#include "core/net/dns/caching_resolver.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "core/base/check.h"

namespace sipcm::net {

struct CachingResolver::Entry : ListHook<UseTag> {
  Key key;
  std::shared_ptr<const DnsAnswer> answer;  // null: never asked
  Instant end;                              // of `answer`
  std::shared_ptr<const DnsAnswer> stale;   // the last good one
  Instant stale_end;
  std::unique_ptr<Resolution> question;     // under way
  IntrusiveList<Pending, WaitTag> waiting;  // for it
};

class CachingResolver::Pending final : public Resolution, public ListHook<WaitTag> {
 public:
  Pending(CachingResolver* resolver, Callback done) : resolver_(resolver), done_(std::move(done)) {
    ++resolver_->pending_count_;
  }
  ~Pending() override {
    if (is_linked()) list_->Remove(this);
    --resolver_->pending_count_;
  }

  void WaitIn(IntrusiveList<Pending, WaitTag>* list) {
    list_ = list;
    list->PushBack(this);
  }
  void AnswerSoon(std::shared_ptr<const DnsAnswer> answer) {
    answer_ = std::move(answer);
    alarm_ = resolver_->loop_->NewAlarm([this] { Finish(answer_); });
    alarm_->Set(resolver_->loop_->Now());
  }
  // May destroy this.
  void Finish(std::shared_ptr<const DnsAnswer> answer) {
    Callback done = std::move(done_);
    done(*answer);
  }

 private:
  CachingResolver* const resolver_;
  Callback done_;
  IntrusiveList<Pending, WaitTag>* list_ = nullptr;
  std::shared_ptr<const DnsAnswer> answer_;
  std::unique_ptr<event::Alarm> alarm_;
};

CachingResolver::CachingResolver(event::EventLoop* loop, Resolver* source)
    : loop_(loop), source_(source) {}

CachingResolver::~CachingResolver() {
  SIPCM_CHECK_MESSAGE(pending_count_ == 0, "a resolution outlives its resolver");
  while (uses_.PopFront() != nullptr) {
  }
}

std::unique_ptr<Resolution> CachingResolver::Resolve(RecordType type, const std::string& name,
                                                     Callback done) {
  Entry* const entry = EntryOf({type, absl::AsciiStrToLower(name)});
  auto pending = std::make_unique<Pending>(this, std::move(done));
  if (entry->question == nullptr && entry->answer != nullptr && loop_->Now() < entry->end) {
    pending->AnswerSoon(entry->answer);
    return pending;
  }
  pending->WaitIn(&entry->waiting);
  if (entry->question == nullptr) {
    entry->question = source_->Resolve(
        type, name, [this, entry](const DnsAnswer& answer) { OnAnswer(entry, answer); });
  }
  return pending;
}

// Makes it the most recently used. What is being asked for is never forgotten.
CachingResolver::Entry* CachingResolver::EntryOf(const Key& key) {
  std::unique_ptr<Entry>& entry = entries_[key];
  if (entry != nullptr) {
    uses_.Remove(entry.get());
    uses_.PushBack(entry.get());
    return entry.get();
  }
  entry = std::make_unique<Entry>();
  entry->key = key;
  Entry* const made = entry.get();
  uses_.PushBack(made);
  Entry* oldest = entries_.size() > kMaxEntries ? uses_.front() : nullptr;
  while (oldest != nullptr && oldest->question != nullptr) oldest = uses_.Next(oldest);
  if (oldest != nullptr && oldest != made) {
    uses_.Remove(oldest);
    entries_.erase(Key(oldest->key));
  }
  return made;
}

void CachingResolver::OnAnswer(Entry* entry, const DnsAnswer& answer) {
  const Instant now = loop_->Now();
  const std::unique_ptr<Resolution> question = std::move(entry->question);
  entry->answer = std::make_shared<const DnsAnswer>(answer);
  if (answer.status.ok()) {
    entry->end = now + std::clamp(answer.ttl, kShortestTtl, kLongestTtl);
    entry->stale = entry->answer;
    entry->stale_end = entry->end + kLongestStale;
  } else if (absl::IsNotFound(answer.status)) {
    entry->end = now + std::min(answer.ttl, kLongestNegativeTtl);
    entry->stale = nullptr;
  } else if (entry->stale != nullptr && now < entry->stale_end) {
    entry->answer = entry->stale;
    entry->end = now + kStaleTtl;
  } else {
    entry->end = now + std::min(answer.ttl, kLongestNegativeTtl);
  }
  // Who is called may ask again, for this name too, and give up what others wait for.
  const std::shared_ptr<const DnsAnswer> told = entry->answer;
  IntrusiveList<Pending, WaitTag> waiting;
  while (Pending* pending = entry->waiting.PopFront()) pending->WaitIn(&waiting);
  while (Pending* pending = waiting.PopFront()) pending->Finish(told);
}

}  // namespace sipcm::net
