#ifndef SIPCM_SERVER_CATALOG_CONTROL_STATE_H_
#define SIPCM_SERVER_CATALOG_CONTROL_STATE_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/engine/engine.h"
#include "core/pool/pool_setting.h"
#include "proto/sipcm/v1/certificate.pb.h"
#include "proto/sipcm/v1/certificates.pb.h"
#include "proto/sipcm/v1/connection_manager.pb.h"
#include "proto/sipcm/v1/endpoint.pb.h"
#include "proto/sipcm/v1/trust_bundle.pb.h"
#include "server/catalog/control_thread.h"
#include "server/event/resource_event.h"
#include "server/event/resource_event_sink.h"
#include "server/files/file_watcher.h"
#include "server/store/resource_store.h"

namespace sipcm::server {

// One answer of a control call; called once, from any thread.
template <typename T>
using Done = absl::AnyInvocable<void(absl::StatusOr<T>)>;

// What callers want, all kinds together, because they refer to each other. One lock: control calls
// are rare and short; no worker ever takes it. The engine is called with the lock held where it
// answers at once or calls back later, never where it may call back into this from inside.
struct ControlState {
  struct Options {
    std::function<absl::Time()> now;  // wall time
    // CA certificates for managers without a trust bundle that only judge servers; PEM. Read on
    // first use.
    std::string system_trust_file = "/etc/ssl/certs/ca-certificates.crt";
    // Hears what becomes of the resources; null: nobody. Outlives the state.
    ResourceEventSink* events = nullptr;
    // Where certificates' files are watched; null: they are read once. Outlives the state.
    FileWatcher* files = nullptr;
  };

  // `engine` outlives this, or has made its last call back before this ends.
  ControlState(engine::Engine* engine, Options options);

  // The settings of `manager` as the engine wants them: FAILED_PRECONDITION for a name that is not
  // there.
  absl::StatusOr<engine::ManagerConfig> ConfigOf(const sipcm::v1::ConnectionManager& manager)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // The settings, checked, of every manager that uses the certificate or trust bundle, as it is in
  // `credentials` and `anchors` now.
  absl::StatusOr<std::vector<engine::ManagerConfig>> ConfigsOfUsers(const std::string& name)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // Tells whoever watches, after the change is in force and with the lock still held under which it
  // was made.
  void Tell(sipcm::v1::Event event) const;
  // Tells all resources of one class, each as `shown` makes it: in order with what is told of them.
  template <typename T, typename Shown>
  void TellAll(uint64_t round, ObjectClass object_class, const ResourceStore<T>& resources,
               Shown shown) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (options.events == nullptr) return;
    std::vector<sipcm::v1::Event> existing;
    existing.reserve(resources.all().size());
    for (const auto& [name, stored] : resources.all()) {
      existing.push_back(MakeEvent(sipcm::v1::Event::EXISTING, shown(stored)));
    }
    options.events->OnResourceState(round, object_class, std::move(existing));
  }
  absl::Status Apply(std::vector<engine::ManagerConfig> configs)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // Has all files that certificates and trust bundles name watched, and no others.
  void WatchFiles() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // Drains or closes what its managers have of other versions of the object than `version`, which
  // was put in force just now, with the lock still held: orders come in the order of versions.
  void EndOldConnections(const std::string& object, const std::string& version,
                         sipcm::v1::OldConnections how) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // The names of these managers, in order.
  std::vector<std::string> UsersOf(const std::string& name) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  // The endpoint as the engine wants it. Its manager is there.
  dispatch::Endpoint EndpointOf(const sipcm::v1::Endpoint& endpoint,
                                const sipcm::v1::ConnectionManager& manager) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  engine::Engine* const engine;
  const Options options;

  absl::Mutex mutex;
  ResourceStore<sipcm::v1::ConnectionManager> managers ABSL_GUARDED_BY(mutex);
  ResourceStore<sipcm::v1::Endpoint> endpoints ABSL_GUARDED_BY(mutex);
  ResourceStore<sipcm::v1::Certificate> certificates ABSL_GUARDED_BY(mutex);
  ResourceStore<sipcm::v1::TrustBundle> trust_bundles ABSL_GUARDED_BY(mutex);
  // By endpoint name: what it registers with. Never in a resource, so that no answer, filter, event
  // or etag can tell it.
  std::map<std::string, std::string> passwords ABSL_GUARDED_BY(mutex);
  // By manager id and pool name: what callers asked of the pool, also of one that comes later.
  std::map<std::string, std::map<std::string, pool::PoolSetting>> pool_settings
      ABSL_GUARDED_BY(mutex);
  // By manager name: the names of its endpoints.
  std::map<std::string, std::set<std::string>> endpoints_of ABSL_GUARDED_BY(mutex);
  // By name: what was read from the PEM.
  std::map<std::string, std::shared_ptr<const tls::Credential>> credentials ABSL_GUARDED_BY(mutex);
  std::map<std::string, std::shared_ptr<const tls::TrustBundle>> anchors ABSL_GUARDED_BY(mutex);
  // None until the first use; what cannot be read is read anew with the next use, and told among
  // the server's warnings until then.
  std::optional<absl::StatusOr<std::shared_ptr<const tls::TrustBundle>>> system_anchors
      ABSL_GUARDED_BY(mutex);

  ControlThread thread;  // last: its tasks use the rest
};

// All certificates that it may present, that without a server name first.
std::vector<std::string> CertificatesOf(const sipcm::v1::ConnectionManager& manager);

// What the engine would refuse when it was given these settings: so that `validate_only` says what
// the real call would.
absl::Status CheckConfig(const engine::ManagerConfig& config);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_CATALOG_CONTROL_STATE_H_
