#ifndef SIPCM_CORE_ENGINE_MANAGER_LOCAL_MANAGERS_H_
#define SIPCM_CORE_ENGINE_MANAGER_LOCAL_MANAGERS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/engine/connection_table.h"

namespace sipcm::engine {

// The managers that one worker has to do with. Owns what is local of them. Thread: the worker's.
class LocalManagers {
 public:
  explicit LocalManagers(int worker) : worker_(worker) {}

  // Made on first use; also of one that was removed.
  LocalManager* For(const std::shared_ptr<ManagerState>& manager);
  // Null: nothing of it is here.
  LocalManager* Find(const ManagerState* manager) const;
  // By id, of those that are not removed; null: none. Looks at each.
  LocalManager* FindById(const std::string& manager_id) const;
  std::vector<LocalManager*> All() const;
  void Erase(LocalManager* manager) { managers_.erase(manager->state.get()); }

 private:
  const int worker_;
  absl::flat_hash_map<const ManagerState*, std::unique_ptr<LocalManager>> managers_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_MANAGER_LOCAL_MANAGERS_H_
