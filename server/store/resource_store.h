#ifndef SIPCM_SERVER_STORE_RESOURCE_STORE_H_
#define SIPCM_SERVER_STORE_RESOURCE_STORE_H_

#include <map>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/error.h"
#include "google/protobuf/timestamp.pb.h"
#include "server/store/fingerprint.h"
#include "server/store/page.h"

namespace sipcm::server {

// `at` as a Timestamp; whole nanoseconds, truncated.
inline google::protobuf::Timestamp ToTimestamp(absl::Time at) {
  google::protobuf::Timestamp timestamp;
  const int64_t seconds = absl::ToUnixSeconds(at);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(
      static_cast<int32_t>((at - absl::FromUnixSeconds(seconds)) / absl::Nanoseconds(1)));
  return timestamp;
}

// ABORTED (ETAG_MISMATCH) unless `given` is empty or equal to `current`.
inline absl::Status CheckEtag(absl::string_view name, absl::string_view given,
                              absl::string_view current) {
  if (given.empty() || given == current) return absl::OkStatus();
  return WithField(
      MakeError(absl::StatusCode::kAborted, "ETAG_MISMATCH",
                absl::StrCat("etag: \"", name, "\" has changed since it was read (its etag is \"",
                             current, "\"); read it again and repeat the change")),
      "etag");
}

// The resources of one kind as callers want them (aspired state), in memory, ordered by name.
// T is a message with name, etag, create_time and update_time. Output-only fields other than these
// are not kept here: whoever answers fills them in.
//
// Thread: none of its own; the owner's lock guards it.
template <typename T>
class ResourceStore {
 public:
  // `noun` for messages: "connection manager". `collection` as in names.
  ResourceStore(absl::string_view noun, absl::string_view collection)
      : noun_(noun), collection_(collection) {}

  // Null when there is none. Valid until the next change.
  const T* Find(absl::string_view name) const {
    const auto it = resources_.find(std::string(name));
    return it == resources_.end() ? nullptr : &it->second;
  }

  // NOT_FOUND (RESOURCE_NOT_FOUND) for `field`, naming the resource.
  absl::StatusOr<const T*> Get(absl::string_view name, absl::string_view field) const {
    if (const T* found = Find(name)) return found;
    return WithField(MakeError(absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND",
                               absl::StrCat("there is no ", noun_, " \"", name,
                                            "\"; list them, or create it first")),
                     field);
  }

  // ALREADY_EXISTS (RESOURCE_EXISTS).
  absl::Status CheckFree(absl::string_view name) const {
    if (Find(name) == nullptr) return absl::OkStatus();
    return MakeError(absl::StatusCode::kAlreadyExists, "RESOURCE_EXISTS",
                     absl::StrCat("there is already a ", noun_, " \"", name,
                                  "\"; update it, or choose another id"));
  }

  // Creates or replaces; sets update_time and etag, and create_time of a new one. Answers what is
  // stored now.
  const T& Put(T resource, absl::Time now) {
    const std::string name = resource.name();
    const T* old = Find(name);
    *resource.mutable_create_time() = old != nullptr ? old->create_time() : ToTimestamp(now);
    *resource.mutable_update_time() = ToTimestamp(now);
    resource.clear_etag();
    resource.set_etag(Fingerprint(static_cast<const google::protobuf::Message&>(resource)));
    return resources_[name] = std::move(resource);
  }

  void Erase(absl::string_view name) { resources_.erase(std::string(name)); }

  int size() const { return static_cast<int>(resources_.size()); }
  const std::map<std::string, T>& all() const { return resources_; }

  // Appends one page to `*out` and its token. `complete` fills in what callers see besides.
  // Errors as of Page::Begin.
  template <typename Request, typename Out>
  absl::Status List(const Request& request, absl::FunctionRef<void(T*)> complete, Out* out,
                    std::string* next_page_token) const {
    absl::StatusOr<Page> page =
        Page::Begin(collection_, "", request.page_size(), request.page_token(), request.filter(),
                    T::descriptor());
    if (!page.ok()) return page.status();
    for (auto it = resources_.upper_bound(page->after()); it != resources_.end(); ++it) {
      T shown = it->second;
      complete(&shown);
      const Page::Verdict verdict = page->Offer(it->first, shown);
      if (verdict == Page::Verdict::kFull) break;
      if (verdict == Page::Verdict::kTaken) *out->Add() = std::move(shown);
    }
    *next_page_token = page->next_page_token();
    return absl::OkStatus();
  }

 private:
  const std::string noun_;
  const std::string collection_;
  std::map<std::string, T> resources_;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_STORE_RESOURCE_STORE_H_
