#include "server/catalog/certificates/content_catalog.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status_macros.h"
#include "server/event/resource_event.h"
#include "server/validation/refusal.h"

namespace sipcm::server {

template <typename Resource, typename Content>
absl::StatusOr<int> ContentCatalog<Resource, Content>::NextRevision(const std::string& name) {
  absl::MutexLock lock(&state_->mutex);
  SIPCM_RETURN_IF_ERROR(Stored().CheckFree(name));
  return records_[name].revision + 1;
}

template <typename Resource, typename Content>
absl::StatusOr<Resource> ContentCatalog<Resource, Content>::Change(
    const std::string& name, absl::FunctionRef<absl::StatusOr<Draft>()> draft_of,
    sipcm::v1::OldConnections old_connections, bool validate_only) {
  while (true) {
    SIPCM_ASSIGN_OR_RETURN(Draft draft, draft_of());
    absl::StatusOr<ContentPointer> content = ContentPointer();
    // A key, or a list of revoked certificates, may take its time: not under the lock.
    if (!draft.same) content = Read(&draft.resource, draft.revision);
    if (!content.ok()) return Within(content.status(), words_.field);
    absl::MutexLock lock(&state_->mutex);
    const Resource* const stored = Stored().Find(name);
    // Changed meanwhile: once more, from what is there now.
    if (stored == nullptr || stored->etag() != draft.base_etag) continue;
    absl::StatusOr<Resource> updated = Install(std::move(draft.resource), *content, validate_only);
    if (updated.ok() && !validate_only) {
      state_->EndOldConnections(name, updated->version(), old_connections);
    }
    return updated;
  }
}

template <typename Resource, typename Content>
void ContentCatalog<Resource, Content>::Reload(const std::vector<std::string>& changed_files) {
  for (const std::string& name : DueForReload(changed_files)) {
    while (!TryReload(name)) {
    }
  }
}

template <typename Resource, typename Content>
std::vector<std::string> ContentCatalog<Resource, Content>::DueForReload(
    const std::vector<std::string>& changed_files) {
  const auto is_changed = [&](absl::string_view path) {
    return std::find(changed_files.begin(), changed_files.end(), path) != changed_files.end();
  };
  std::vector<std::string> due;
  const absl::Time now = state_->options.now();
  absl::MutexLock lock(&state_->mutex);
  for (const auto& [name, stored] : Stored().all()) {
    const Files files = FilesOf(stored);
    if (std::any_of(files.begin(), files.end(), is_changed) ||
        records_[name].reload_failure.IsDueAgain(now)) {
      due.push_back(name);
    }
  }
  return due;
}

template <typename Resource, typename Content>
bool ContentCatalog<Resource, Content>::TryReload(const std::string& name) {
  Resource resource;
  int revision = 0;  // that it would be
  {
    absl::MutexLock lock(&state_->mutex);
    const Resource* const stored = Stored().Find(name);
    if (stored == nullptr || FilesOf(*stored) == Files()) return true;
    resource = *stored;
    revision = records_[name].revision + 1;
  }
  const std::string version = resource.version();
  const std::string etag = resource.etag();
  ForgetContent(&resource);
  const absl::StatusOr<ContentPointer> content = Read(&resource, revision);
  absl::MutexLock lock(&state_->mutex);
  const Resource* stored = Stored().Find(name);
  if (stored == nullptr) return true;
  if (stored->etag() != etag) return false;
  FinishReload(std::move(resource), content);
  stored = Stored().Find(name);
  if (stored->version() != version) {
    state_->EndOldConnections(name, stored->version(), stored->reload_old_connections());
  }
  return true;
}

template <typename Resource, typename Content>
void ContentCatalog<Resource, Content>::FinishReload(
    Resource read, const absl::StatusOr<ContentPointer>& content) {
  const std::string name = read.name();
  absl::Status status = content.status();
  if (status.ok()) status = Install(std::move(read), *content, /*validate_only=*/false).status();
  if (status.ok()) return;
  ReloadFailure& failure = records_[name].reload_failure;
  failure.at = state_->options.now();
  const std::string error(status.message());
  if (failure.error == error) return;  // told already
  failure.error = error;
  state_->Tell(MakeEvent(words_.reload_failed, Shown(*Stored().Find(name)), error));
}

template <typename Resource, typename Content>
bool ContentCatalog<Resource, Content>::ComesNearer(const std::string& name, absl::Time now) {
  Record& record = records_[name];
  const Ends ends = EndsOf(name);
  bool nearer = false;
  for (int i = 0; i < kMostEnds; ++i) {
    ExpiryStage& told = record.told[i];
    told = ToldAt(told, ends[i].at, now);
    const ExpiryStage stage = StageOf(ends[i].at, now);
    if (stage <= told) continue;
    told = stage;
    nearer = nearer || stage >= ends[i].first_told;
  }
  return nearer;
}

template <typename Resource, typename Content>
void ContentCatalog<Resource, Content>::TellExpiries() {
  absl::MutexLock lock(&state_->mutex);
  const absl::Time now = state_->options.now();
  for (const auto& [name, stored] : Stored().all()) {
    if (!ComesNearer(name, now)) continue;
    const Resource shown = Shown(stored);
    state_->Tell(
        MakeEvent(words_.expiring, shown, absl::StrCat("\"", name, "\" ", shown.state_reason())));
  }
}

template <typename Resource, typename Content>
absl::Time ContentCatalog<Resource, Content>::Earliest(int end) {
  absl::Time earliest = absl::InfiniteFuture();
  absl::MutexLock lock(&state_->mutex);
  for (const auto& [name, stored] : Stored().all()) {
    earliest = std::min(earliest, EndsOf(name)[end].at);
  }
  return earliest;
}

template <typename Resource, typename Content>
std::map<typename Resource::State, int> ContentCatalog<Resource, Content>::CountByState() {
  std::map<typename Resource::State, int> counts;
  absl::MutexLock lock(&state_->mutex);
  for (const auto& [name, stored] : Stored().all()) ++counts[Shown(stored).state()];
  return counts;
}

template <typename Resource, typename Content>
void ContentCatalog<Resource, Content>::TellState(uint64_t round) {
  absl::MutexLock lock(&state_->mutex);
  state_->TellAll(round, words_.object_class, Stored(),
                  [this](const auto& stored)
                      ABSL_NO_THREAD_SAFETY_ANALYSIS { return Shown(stored); });
}

template class ContentCatalog<sipcm::v1::Certificate, tls::Credential>;
template class ContentCatalog<sipcm::v1::TrustBundle, tls::TrustBundle>;

absl::Status CheckUnused(const std::string& name, const std::vector<std::string>& users,
                         absl::string_view remedy) {
  if (users.empty()) return absl::OkStatus();
  return WithMetadata(MakeError(absl::StatusCode::kFailedPrecondition, "RESOURCE_IN_USE",
                                absl::StrCat("\"", name, "\" is used by ",
                                             absl::StrJoin(users, ", "), "; ", remedy)),
                      "connection_managers", absl::StrJoin(users, ","));
}

}  // namespace sipcm::server
