#ifndef SIPCM_CORE_ENGINE_ENGINE_EVENT_H_
#define SIPCM_CORE_ENGINE_ENGINE_EVENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/connection/close_reason.h"
#include "core/engine/engine_config.h"
#include "core/engine/engine_snapshot.h"
#include "core/engine/registered/endpoint_status.h"
#include "core/engine/throttling/throttle.h"
#include "core/tls/refused_peer.h"

namespace sipcm::engine {

// A throttling mechanism (semantics.md 8) passed a mark of the object that the event is about.
struct ThrottlingChange {
  using Mechanism = ThrottleMechanism;
  Mechanism mechanism = Mechanism::kConnection;
  int outstanding_count = 0;  // that passed the mark
  int high = 0;               // the marks in force
  int low = 0;
  std::string endpoint_id;  // kEndpoint: whose sends
};

// All that one worker has at one moment.
struct WorkerState {
  uint64_t round = 0;    // of Engine::TellState()
  int worker_count = 1;  // as many such events make a round
  std::vector<ConnectionSnapshot> connections;
  std::vector<PoolSnapshot> pools;  // live ones and settings without a pool
};

// Something that is so, or that happened: for logs, metrics and watchers. Told after it is true and
// before anything that follows from it; those about one object come in order. Values only, and what
// is large is shared: cheap to copy, safe on any thread.
struct EngineEvent {
  enum class Kind : uint8_t {
    // About `manager`. One for each change of state or bound addresses.
    kManagerListening,
    kManagerStopping,
    kManagerIdle,
    kManagerFailed,  // `detail`
    kAcceptFailed,   // `detail`; the manager goes on
    // About `pool`.
    kPoolAdded,
    kPoolChanged,   // its settings, also those of a pool that is yet to come
    kPoolRemoved,   // after its last connection's kConnectionClosed
    kTargetHealth,  // an address became dead or healthy; `detail` says why
    // About `connection`, in this order; each kConnectionOpened has its kConnectionClosed.
    kConnectionOpened,
    kConnectionAuthorized,  // TLS with a peer's certificate that passed
    kConnectionEstablished,
    kMalformed,  // `detail`
    // `refused_peer`, `detail`; kConnectionClosed follows. Of an outgoing connection, which was not
    // opened yet, it stands alone.
    kTlsRefused,
    kConnectionClosed,  // `close_reason`, `detail`
    // An attempt to open one failed: what it would have been, without id. `close_reason`, `detail`.
    kConnectFailed,
    // About `endpoint`, a REGISTERED one, and `endpoint_id`.
    kEndpointState,
    // About `throttling`, and `connection` where that is the object.
    kThrottlingStarted,
    kThrottlingEnded,
    // The answer to TellState(), in order with all other events of the worker: `worker`.
    kWorkerState,
  };

  Kind kind = Kind::kConnectionEstablished;
  std::string manager_id;   // of the object; empty for kWorkerState
  std::string endpoint_id;  // of kEndpointState
  absl::Status detail;      // why, when there is more to say than the kind
  connection::CloseReason close_reason = connection::CloseReason::kIdle;
  // The objects as the event left them; null where the kind names none.
  std::shared_ptr<const ManagerStatus> manager;
  std::shared_ptr<const PoolSnapshot> pool;
  std::shared_ptr<const ConnectionSnapshot> connection;
  std::shared_ptr<const tls::RefusedPeer> refused_peer;
  std::shared_ptr<const EndpointStatus> endpoint;
  std::shared_ptr<const ThrottlingChange> throttling;
  std::shared_ptr<const WorkerState> worker;
};

// Called from workers' and control threads, at times with a lock of the engine held: must neither
// block nor call the engine.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void OnEvent(const EngineEvent& event) = 0;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_ENGINE_EVENT_H_
