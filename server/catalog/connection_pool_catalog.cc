#include "server/catalog/connection_pool_catalog.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "server/catalog/snapshot_list.h"
#include "server/conversion/pool_conversion.h"
#include "server/store/resource_name.h"
#include "server/store/update_mask.h"
#include "server/validation/field_checks.h"
#include "server/validation/refusal.h"

namespace sipcm::server {

using engine::PoolSnapshot;
using sipcm::v1::ConnectionPool;

namespace {

const FieldRules& Rules() {
  static const FieldRules* const rules = new FieldRules{
      {"destination", "state", "target_connection_count", "statistics", "targets", "create_time"},
      {}};
  return *rules;
}

absl::Status NoSuchPool(const std::string& name, absl::string_view field) {
  return WithField(MakeError(absl::StatusCode::kNotFound, "RESOURCE_NOT_FOUND",
                             absl::StrCat("there is neither a pool nor a setting \"", name,
                                          "\"; list them, or update it to make a setting")),
                   field);
}

absl::StatusOr<sipcm::v1::ListConnectionPoolsResponse> MakePage(
    const sipcm::v1::ListConnectionPoolsRequest& request,
    const std::vector<PoolSnapshot>& snapshots) {
  sipcm::v1::ListConnectionPoolsResponse response;
  SIPCM_ASSIGN_OR_RETURN(*response.mutable_next_page_token(),
                         FillPage(
                             kPools, request, snapshots,
                             [](const PoolSnapshot& snapshot) {
                               return PoolName(snapshot.manager_id, snapshot.destination.PoolId());
                             },
                             [](const PoolSnapshot& snapshot) { return ToProto(snapshot); },
                             response.mutable_connection_pools()));
  return response;
}

}  // namespace

absl::StatusOr<ConnectionPoolCatalog::Target> ConnectionPoolCatalog::Find(const std::string& name,
                                                                          absl::string_view field) {
  SIPCM_ASSIGN_OR_RETURN(const ChildName parts, ParseChildName(name, kPools, field));
  Target target;
  target.manager_id = parts.manager_id;
  absl::StatusOr<pool::Destination> destination = pool::Destination::ParsePoolId(parts.id);
  if (!destination.ok()) {
    return BadField("INVALID_NAME", field,
                    absl::StrCat("\"", absl::Utf8SafeCEscape(name),
                                 "\" is not a pool's name, like \"connectionManagers/edge/pools/"
                                 "tcp:127.0.0.1:5070\": ",
                                 destination.status().message()));
  }
  target.destination = *std::move(destination);
  target.name = PoolName(target.manager_id, target.destination.PoolId());
  absl::MutexLock lock(&state_->mutex);
  SIPCM_RETURN_IF_ERROR(
      state_->managers.Get(ResourceName(kConnectionManagers, target.manager_id), field).status());
  return target;
}

void ConnectionPoolCatalog::Ask(const Target& target, Done<PoolSnapshot> done) {
  state_->engine->ListPools(
      target.manager_id, [this, target, done = std::move(done)](
                             absl::StatusOr<std::vector<PoolSnapshot>> pools) mutable {
        state_->thread.Post([target, done = std::move(done), pools = std::move(pools)]() mutable {
          if (!pools.ok()) return done(pools.status());
          for (PoolSnapshot& pool : *pools) {
            if (pool.destination.PoolId() == target.destination.PoolId()) {
              return done(std::move(pool));
            }
          }
          done(NoSuchPool(target.name, "name"));
        });
      });
}

void ConnectionPoolCatalog::Get(const sipcm::v1::GetConnectionPoolRequest& request,
                                Done<ConnectionPool> done) {
  absl::StatusOr<Target> target = Find(request.name(), "name");
  if (!target.ok()) return done(target.status());
  Ask(*target, [done = std::move(done)](absl::StatusOr<PoolSnapshot> pool) mutable {
    if (!pool.ok()) return done(pool.status());
    done(ToProto(*pool));
  });
}

void ConnectionPoolCatalog::List(const sipcm::v1::ListConnectionPoolsRequest& request,
                                 Done<sipcm::v1::ListConnectionPoolsResponse> done) {
  ListSnapshots(state_, request, &engine::Engine::ListPools, MakePage, std::move(done));
}

namespace {

// Takes one field of `patch`; a field that has no value goes back to its default.
absl::Status TakeField(const std::string& field, const ConnectionPool& patch,
                       pool::PoolSetting* setting) {
  if (field == "max_connection_count") {
    setting->max_connection_count.reset();
    if (!patch.has_max_connection_count()) return absl::OkStatus();
    setting->max_connection_count = patch.max_connection_count();
    return CheckRange(patch.max_connection_count(), 1, pool::kNoSharing, field);
  }
  if (field == "min_connection_count") {
    setting->min_connection_count.reset();
    if (!patch.has_min_connection_count()) return absl::OkStatus();
    setting->min_connection_count = patch.min_connection_count();
    return CheckRange(patch.min_connection_count(), 0, pool::kNoSharing, field);
  }
  if (field == "selection") {
    setting->selection.reset();
    if (patch.selection() != ConnectionPool::SELECTION_POLICY_UNSPECIFIED) {
      setting->selection = FromProto(patch.selection());
    }
    return CheckEnum(patch.selection(), ConnectionPool::SelectionPolicy_descriptor(), field);
  }
  if (field == "sizing") {
    setting->sizing.reset();
    if (patch.sizing() != ConnectionPool::SIZING_UNSPECIFIED) {
      setting->sizing = FromProto(patch.sizing());
    }
    return CheckEnum(patch.sizing(), ConnectionPool::Sizing_descriptor(), field);
  }
  return absl::OkStatus();
}

// What the fields say together; `defaults` are the manager's.
absl::Status CheckTogether(const pool::PoolSetting& setting, const pool::PoolLimits& defaults,
                           const std::vector<std::string>& written) {
  const int max = setting.max_connection_count.value_or(defaults.max_connection_count);
  if (const auto min = setting.min_connection_count; min.has_value() && *min > max) {
    // The one that was written is at fault.
    const bool is_max = std::count(written.begin(), written.end(), "min_connection_count") == 0;
    return is_max ? CheckRange(max, *min, pool::kNoSharing, "max_connection_count")
                  : CheckRange(*min, 0, max, "min_connection_count");
  }
  if (setting.sizing == pool::Sizing::kAuto && max == pool::kNoSharing) {
    return BadField("CONFLICTING_FIELDS", "sizing",
                    "AUTO chooses between min_connection_count and max_connection_count, which is "
                    "2147483647, no sharing; set max_connection_count to the most that there may "
                    "be");
  }
  return absl::OkStatus();
}

}  // namespace

pool::PoolSetting ConnectionPoolCatalog::SettingOf(const Target& target) const {
  const auto manager = state_->pool_settings.find(target.manager_id);
  if (manager == state_->pool_settings.end()) return {};
  const auto setting = manager->second.find(target.name);
  return setting == manager->second.end() ? pool::PoolSetting() : setting->second;
}

absl::Status ConnectionPoolCatalog::CheckRoom(const Target& target, int limit) const {
  const auto settings = state_->pool_settings.find(target.manager_id);
  if (settings == state_->pool_settings.end() || settings->second.contains(target.name) ||
      settings->second.size() < static_cast<size_t>(limit)) {
    return absl::OkStatus();
  }
  return WithField(
      MakeError(absl::StatusCode::kResourceExhausted, "RESOURCE_LIMIT",
                absl::StrCat("connection_pool.name: connection manager \"connectionManagers/",
                             target.manager_id, "\" has settings for ", settings->second.size(),
                             " pools, as many as it may; delete some, or raise "
                             "limits.max_pool_count")),
      "connection_pool.name");
}

absl::StatusOr<ConnectionPoolCatalog::Change> ConnectionPoolCatalog::Changed(
    const Target& target, const sipcm::v1::UpdateConnectionPoolRequest& request) {
  const ConnectionPool& patch = request.connection_pool();
  const sipcm::v1::ConnectionManager& manager =
      *state_->managers.Find(ResourceName(kConnectionManagers, target.manager_id));
  const bool tls = target.destination.transport == connection::Transport::kTls;
  if (manager.sharing() == sipcm::v1::ConnectionManager::DEDICATED ||
      (tls && manager.kind() == sipcm::v1::ConnectionManager::SERVER_TCP)) {
    return WithField(
        MakeError(absl::StatusCode::kFailedPrecondition, "CONFLICTING_FIELDS",
                  absl::StrCat("connection_pool.name: \"", manager.name(), "\" has no such pools: ",
                               tls ? "it is a SERVER_TCP manager" : "its connections are DEDICATED",
                               "; choose another manager or transport")),
        "connection_pool.name");
  }
  Change change{target, SettingOf(target), {}};
  SIPCM_RETURN_IF_ERROR(CheckEtag(target.name, patch.etag(), EtagOf(target.name, change.setting)));
  std::vector<std::string> fields;
  SIPCM_RETURN_IF_ERROR(WrittenFields(request.update_mask(), patch, Rules(), &fields));
  for (const std::string& field : fields) {
    SIPCM_RETURN_IF_ERROR(Within(TakeField(field, patch, &change.setting), "connection_pool"));
  }
  SIPCM_ASSIGN_OR_RETURN(const engine::ManagerConfig config, state_->ConfigOf(manager));
  SIPCM_RETURN_IF_ERROR(
      Within(CheckTogether(change.setting, config.default_pool_limits, fields), "connection_pool"));
  change.limits = pool::LimitsOf(change.setting, config.default_pool_limits);
  SIPCM_RETURN_IF_ERROR(CheckRoom(target, config.max_pool_count));
  return change;
}

absl::Status ConnectionPoolCatalog::Apply(const sipcm::v1::UpdateConnectionPoolRequest& request) {
  SIPCM_ASSIGN_OR_RETURN(const Target target,
                         Find(request.connection_pool().name(), "connection_pool.name"));
  absl::MutexLock lock(&state_->mutex);
  SIPCM_ASSIGN_OR_RETURN(const Change change, Changed(target, request));
  if (request.validate_only()) return absl::OkStatus();
  SIPCM_RETURN_IF_ERROR(
      state_->engine->ApplyPool({target.manager_id, target.destination, change.setting}));
  state_->pool_settings[target.manager_id][target.name] = change.setting;
  const auto [begin, end] = deletions_.equal_range(target.name);
  for (auto it = begin; it != end; ++it) it->second->is_overtaken = true;
  return absl::OkStatus();
}

void ConnectionPoolCatalog::Update(const sipcm::v1::UpdateConnectionPoolRequest& request,
                                   Done<ConnectionPool> done) {
  absl::StatusOr<Target> target = Find(request.connection_pool().name(), "connection_pool.name");
  if (!target.ok()) return done(target.status());
  if (request.validate_only()) {
    absl::StatusOr<Change> change;
    {
      absl::MutexLock lock(&state_->mutex);
      change = Changed(*target, request);
    }
    if (!change.ok()) return done(change.status());
    return Ask(*target, [change = *std::move(change),
                         done = std::move(done)](absl::StatusOr<PoolSnapshot> pool) mutable {
      PoolSnapshot shown = pool.ok() ? *std::move(pool) : PoolSnapshot();
      shown.manager_id = change.target.manager_id;
      shown.destination = change.target.destination;
      shown.setting = change.setting;
      shown.limits = change.limits;
      if (shown.limits.sizing == pool::Sizing::kFixed) {
        shown.target_connection_count = shown.limits.max_connection_count;
      }
      done(ToProto(shown));
    });
  }
  if (const absl::Status applied = Apply(request); !applied.ok()) return done(applied);
  sipcm::v1::GetConnectionPoolRequest get;
  get.set_name(target->name);
  Get(get, std::move(done));
}

void ConnectionPoolCatalog::Delete(const sipcm::v1::DeleteConnectionPoolRequest& request,
                                   Done<google::protobuf::Empty> done) {
  absl::StatusOr<Target> target = Find(request.name(), "name");
  if (!target.ok()) return done(target.status());
  const auto deletion = std::make_shared<Deletion>();
  // Asked with the lock held: the engine takes deletions and updates in the order of the lock.
  absl::MutexLock lock(&state_->mutex);
  const absl::Status etag =
      CheckEtag(target->name, request.etag(), EtagOf(target->name, SettingOf(*target)));
  if (!etag.ok()) return done(etag);
  deletions_.emplace(target->name, deletion);
  state_->engine->RemovePool(
      target->manager_id, target->destination,
      request.force() ? engine::PoolRemoval::kForced : engine::PoolRemoval::kUnlessBusy,
      [this, target = *target, deletion,
       done = std::move(done)](absl::StatusOr<PoolSnapshot> removed) mutable {
        state_->thread.Post([this, target = std::move(target), deletion, done = std::move(done),
                             status = removed.status()]() mutable {
          EndDeletion(target, *deletion, status.ok());
          if (!status.ok()) return done(WithField(std::move(status), "name"));
          done(google::protobuf::Empty());
        });
      });
}

void ConnectionPoolCatalog::EndDeletion(const Target& target, const Deletion& deletion,
                                        bool is_gone) {
  absl::MutexLock lock(&state_->mutex);
  const auto manager = state_->pool_settings.find(target.manager_id);
  if (is_gone && !deletion.is_overtaken && manager != state_->pool_settings.end()) {
    manager->second.erase(target.name);
  }
  const auto [begin, end] = deletions_.equal_range(target.name);
  const auto own =
      std::find_if(begin, end, [&](const auto& entry) { return entry.second.get() == &deletion; });
  if (own != end) deletions_.erase(own);
}

}  // namespace sipcm::server
