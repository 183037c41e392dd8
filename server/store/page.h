#ifndef SIPCM_SERVER_STORE_PAGE_H_
#define SIPCM_SERVER_STORE_PAGE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "server/store/filter.h"

namespace sipcm::server {

// One page of a List (AIP-158). Items are offered in the order of their keys, which are unique and
// not empty; the token names the last key taken, so pages neither repeat nor skip what stays while
// others come and go.
//
//   page = Page::Begin(...);
//   for (items with key > page->after()) if (page->Offer(key, item) == kFull) break; ...
class Page {
 public:
  static constexpr int kDefaultSize = 100;
  static constexpr int kMaxSize = 1000;

  enum class Verdict : unsigned char { kTaken, kFilteredOut, kFull };

  // `collection` and `parent` say what is listed: a token of another list is refused. page_size 0
  // is the default, more than the maximum is cut. INVALID_ARGUMENT: page_size (negative),
  // page_token (INVALID_PAGE_TOKEN; also when the filter is another one), filter (INVALID_FILTER).
  static absl::StatusOr<Page> Begin(absl::string_view collection, absl::string_view parent,
                                    int page_size, absl::string_view page_token,
                                    absl::string_view filter,
                                    const google::protobuf::Descriptor* descriptor);

  // Where to begin; empty: at the first.
  const std::string& after() const { return after_; }
  // kFull: this one matches but belongs to the next page; offer nothing more.
  Verdict Offer(absl::string_view key, const google::protobuf::Message& item);
  // Empty when everything was offered and taken.
  std::string next_page_token() const;

 private:
  Page(Filter filter, int size, std::string after, std::string origin)
      : filter_(std::move(filter)),
        size_(size),
        after_(std::move(after)),
        origin_(std::move(origin)) {}

  Filter filter_;
  int size_;
  std::string after_;
  std::string origin_;  // fingerprint of collection, parent and filter
  int taken_ = 0;
  std::string last_key_;
  bool more_ = false;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_STORE_PAGE_H_
