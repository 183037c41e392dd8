#include "server/log/resource_event_log.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace sipcm::server {
namespace {

using sipcm::v1::Event;

// Nothing for events that the log does not tell.
const std::string* VersionOf(const Event& event) {
  if (event.has_certificate()) return &event.certificate().version();
  if (event.has_trust_bundle()) return &event.trust_bundle().version();
  return nullptr;
}

LogLevel LevelOf(Event::Kind kind) {
  switch (kind) {
    case Event::CERTIFICATE_EXPIRING:
    case Event::CERTIFICATE_RELOAD_FAILED:
    case Event::TRUST_BUNDLE_EXPIRING:
    case Event::TRUST_BUNDLE_RELOAD_FAILED:
      return LogLevel::kWarning;
    default:
      return LogLevel::kInfo;
  }
}

}  // namespace

void ResourceEventLog::WarnOf(const Event& event) const {
  const bool has_settings = event.kind() == Event::CONNECTION_MANAGER_ADDED ||
                            event.kind() == Event::CONNECTION_MANAGER_CHANGED;
  if (!has_settings || !warns_.load(std::memory_order_relaxed)) return;
  for (const std::string& warning : event.connection_manager().warnings()) {
    logger_->Log(LogLevel::kWarning, "manager_warning",
                 {{"detail", absl::StrCat(event.name(), ": ", warning)}});
  }
}

void ResourceEventLog::OnResourceEvent(Event event) {
  WarnOf(event);
  const std::string* const version = VersionOf(event);
  const LogLevel level = LevelOf(event.kind());
  if (version != nullptr && logger_->IsOn(level)) {
    logger_->Log(level, absl::AsciiStrToLower(Event::Kind_Name(event.kind())),
                 {{"name", event.name()}, {"version", *version}, {"detail", event.explanation()}});
  }
  if (next_ != nullptr) next_->OnResourceEvent(std::move(event));
}

void ResourceEventLog::OnResourceState(uint64_t round, ObjectClass object_class,
                                       std::vector<Event> existing) {
  if (next_ != nullptr) next_->OnResourceState(round, object_class, std::move(existing));
}

}  // namespace sipcm::server
