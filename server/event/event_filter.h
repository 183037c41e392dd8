#ifndef SIPCM_SERVER_EVENT_EVENT_FILTER_H_
#define SIPCM_SERVER_EVENT_EVENT_FILTER_H_

#include <bitset>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/sipcm/v1/events.pb.h"
#include "server/event/object_class.h"
#include "server/event/shared_event.h"

namespace sipcm::server {

// Which events a watcher wants. Immutable; a look costs a bit test and, with names, as many hash
// look-ups as the object's name has parts, however many names are wanted.
class EventFilter {
 public:
  static constexpr int kMaxNameCount = 100;

  // INVALID_ARGUMENT: INVALID_NAME ("names[2]"), INVALID_FIELD ("kinds[0]", "start"),
  // FIELD_OUT_OF_RANGE ("names").
  static absl::StatusOr<EventFilter> Parse(const sipcm::v1::WatchRequest& request);

  // Of a change, or of an EXISTING event of a snapshot.
  bool Wants(const SharedEvent& event) const;
  // Of which objects a snapshot is wanted; a superset where names are given.
  ObjectClasses classes() const { return classes_ | throttled_classes_; }

 private:
  EventFilter() = default;
  absl::Status AddName(absl::string_view name, absl::string_view field);
  bool WantsName(absl::string_view name) const;

  std::bitset<128> kinds_;
  ObjectClasses classes_ = 0;
  ObjectClasses throttled_classes_ = 0;  // wanted only when throttled
  // Empty both: all. Prefixes end in '/'.
  absl::flat_hash_set<std::string> names_;
  absl::flat_hash_set<std::string> prefixes_;
  ObjectClasses classes_of_names_ = 0;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_EVENT_EVENT_FILTER_H_
