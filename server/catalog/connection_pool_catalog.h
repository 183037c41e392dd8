#ifndef SIPCM_SERVER_CATALOG_CONNECTION_POOL_CATALOG_H_
#define SIPCM_SERVER_CATALOG_CONNECTION_POOL_CATALOG_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/empty.pb.h"
#include "proto/sipcm/v1/connection_pools.pb.h"
#include "server/catalog/control_state.h"

namespace sipcm::server {

// The pools as callers see them: what the engine has, and settings for what it may have later. As
// ConnectionManagerCatalog; every answer waits for the workers.
class ConnectionPoolCatalog {
 public:
  explicit ConnectionPoolCatalog(ControlState* state) : state_(state) {}

  void Get(const sipcm::v1::GetConnectionPoolRequest& request,
           Done<sipcm::v1::ConnectionPool> done);
  void List(const sipcm::v1::ListConnectionPoolsRequest& request,
            Done<sipcm::v1::ListConnectionPoolsResponse> done);
  void Update(const sipcm::v1::UpdateConnectionPoolRequest& request,
              Done<sipcm::v1::ConnectionPool> done);
  void Delete(const sipcm::v1::DeleteConnectionPoolRequest& request,
              Done<google::protobuf::Empty> done);

  // Update without an answer of what the pool does: for a configuration.
  absl::Status Apply(const sipcm::v1::UpdateConnectionPoolRequest& request);

 private:
  struct Target {
    std::string name;  // in its one spelling
    std::string manager_id;
    pool::Destination destination;
  };
  absl::StatusOr<Target> Find(const std::string& name, absl::string_view field);
  // What an update asks for, and what it makes of a pool that comes now.
  struct Change {
    Target target;
    pool::PoolSetting setting;
    pool::PoolLimits limits;
  };
  // What callers asked of that pool; nothing: nothing.
  pool::PoolSetting SettingOf(const Target& target) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);
  // RESOURCE_EXHAUSTED when it would be one setting too many.
  absl::Status CheckRoom(const Target& target, int limit) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);
  // A deletion under way; an update that came after it has made a setting that stays.
  struct Deletion {
    bool is_overtaken = false;
  };
  // The engine has answered it: the pool went, or stays.
  void EndDeletion(const Target& target, const Deletion& deletion, bool is_gone)
      ABSL_LOCKS_EXCLUDED(state_->mutex);
  absl::StatusOr<Change> Changed(const Target& target,
                                 const sipcm::v1::UpdateConnectionPoolRequest& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_->mutex);
  // Asks the engine for this one pool; NOT_FOUND when it has neither pool nor setting.
  void Ask(const Target& target, Done<engine::PoolSnapshot> done);

  ControlState* const state_;
  // By the pool's name.
  std::multimap<std::string, std::shared_ptr<Deletion>> deletions_ ABSL_GUARDED_BY(state_->mutex);
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CATALOG_CONNECTION_POOL_CATALOG_H_
