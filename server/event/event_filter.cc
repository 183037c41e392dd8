#include "server/event/event_filter.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/status_macros.h"
#include "server/store/resource_name.h"
#include "server/validation/field_checks.h"
#include "server/validation/refusal.h"

namespace sipcm::server {

using sipcm::v1::Event;

namespace {

struct Collection {
  absl::string_view name;
  ObjectClass object_class;
};

constexpr Collection kTopCollections[] = {
    {kConnectionManagers, ObjectClass::kManager},
    {kEndpoints, ObjectClass::kEndpoint},
    {kCertificates, ObjectClass::kCertificate},
    {kTrustBundles, ObjectClass::kTrustBundle},
};
constexpr Collection kChildCollections[] = {
    {kPools, ObjectClass::kPool},
    {kConnections, ObjectClass::kConnection},
};

template <size_t N>
ObjectClass ClassNamed(const Collection (&collections)[N], absl::string_view name) {
  for (const Collection& collection : collections) {
    if (collection.name == name) return collection.object_class;
  }
  return ObjectClass::kNone;
}

// The classes that a name, or a prefix with its "*" as the last part, may be of; none: it is
// neither.
ObjectClasses ClassesOfName(const std::vector<absl::string_view>& parts) {
  const ObjectClasses children = Only(ObjectClass::kPool) | Only(ObjectClass::kConnection);
  const ObjectClass top = ClassNamed(kTopCollections, parts[0]);
  if (top == ObjectClass::kNone || parts.size() < 2) return 0;
  const bool is_prefix = parts.back() == "*";
  if (parts.size() == 2) {
    return is_prefix && top == ObjectClass::kManager ? Only(top) | children : Only(top);
  }
  if (top != ObjectClass::kManager) return 0;
  if (parts.size() == 3) return is_prefix ? children : 0;
  const ObjectClass child = ClassNamed(kChildCollections, parts[2]);
  return child == ObjectClass::kNone ? 0 : Only(child);
}

}  // namespace

absl::Status EventFilter::AddName(absl::string_view name, absl::string_view field) {
  if (name == "server") {
    names_.insert(std::string(name));
    return absl::OkStatus();
  }
  // A pool's id may have slashes of its own only in theory: at most four parts.
  const std::vector<absl::string_view> parts = absl::StrSplit(name, absl::MaxSplits('/', 3));
  const ObjectClasses classes = ClassesOfName(parts);
  bool has_empty_part = false;
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool is_star = parts[i].find('*') != absl::string_view::npos;
    const bool may_be_star = i + 1 == parts.size() && parts[i] == "*";
    if (parts[i].empty() || (is_star && !may_be_star)) has_empty_part = true;
  }
  if (classes == 0 || has_empty_part) {
    return BadField("INVALID_NAME", field,
                    absl::StrCat("\"", absl::Utf8SafeCEscape(name.substr(0, 100)),
                                 "\" is neither a name, like \"endpoints/alice\", nor a prefix, "
                                 "like \"connectionManagers/edge/*\""));
  }
  classes_of_names_ |= classes;
  if (absl::ConsumeSuffix(&name, "*")) {
    prefixes_.insert(std::string(name));
  } else {
    names_.insert(std::string(name));
  }
  return absl::OkStatus();
}

absl::StatusOr<EventFilter> EventFilter::Parse(const sipcm::v1::WatchRequest& request) {
  SIPCM_RETURN_IF_ERROR(
      CheckEnum(request.start(), sipcm::v1::WatchRequest::Start_descriptor(), "start"));
  SIPCM_RETURN_IF_ERROR(CheckRange(request.names_size(), 0, kMaxNameCount, "names"));
  EventFilter filter;
  for (int i = 0; i < request.names_size(); ++i) {
    SIPCM_RETURN_IF_ERROR(filter.AddName(request.names(i), absl::StrCat("names[", i, "]")));
  }
  if (request.kinds_size() == 0) {
    filter.kinds_.set();
    filter.classes_ = kAllClasses;
  }
  for (int i = 0; i < request.kinds_size(); ++i) {
    const std::string field = absl::StrCat("kinds[", i, "]");
    SIPCM_RETURN_IF_ERROR(CheckRequiredEnum(request.kinds(i), Event::Kind_descriptor(), field));
    const auto kind = static_cast<Event::Kind>(request.kinds(i));
    filter.kinds_.set(kind);
    filter.classes_ |= kind == Event::EXISTING ? kAllClasses : Only(ClassOf(kind));
    if (kind == Event::THROTTLING_STARTED || kind == Event::THROTTLING_ENDED) {
      filter.throttled_classes_ = Only(ObjectClass::kManager) | Only(ObjectClass::kConnection);
    }
  }
  const ObjectClasses nameable = request.names_size() > 0 ? filter.classes_of_names_ : kAllClasses;
  filter.classes_ &= nameable;
  filter.throttled_classes_ &= nameable;
  return filter;
}

bool EventFilter::Wants(const SharedEvent& event) const {
  const ObjectClasses classes = event.is_throttled ? classes_ | throttled_classes_ : classes_;
  const bool wanted = event.kind == Event::EXISTING ? (classes & Only(event.object_class)) != 0
                                                    : kinds_.test(event.kind);
  return wanted && WantsName(event.name);
}

bool EventFilter::WantsName(absl::string_view name) const {
  if (names_.empty() && prefixes_.empty()) return true;
  if (names_.contains(name)) return true;
  if (prefixes_.empty()) return false;
  for (size_t slash = name.find('/'); slash != absl::string_view::npos;
       slash = name.find('/', slash + 1)) {
    if (prefixes_.contains(name.substr(0, slash + 1))) return true;
  }
  return false;
}

}  // namespace sipcm::server
