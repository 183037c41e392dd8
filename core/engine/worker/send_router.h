#ifndef SIPCM_CORE_ENGINE_WORKER_SEND_ROUTER_H_
#define SIPCM_CORE_ENGINE_WORKER_SEND_ROUTER_H_

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "core/engine/connection_table.h"
#include "core/engine/dialogs/dialog_directory.h"
#include "core/engine/dialogs/unheard_sends.h"
#include "core/engine/manager/local_managers.h"
#include "core/engine/sends/outbound.h"
#include "core/engine/worker_totals.h"

namespace sipcm::engine {

// Leads what is to be sent to the worker that can: that of the dialog, of the connection, or the
// home of the destination. There it goes to the Outbound. Thread: its worker's.
class SendRouter {
 public:
  // The rest of the worker.
  class Host {
   public:
    // Has `task` run on that worker, in another turn.
    virtual void PostToRouter(int worker, absl::AnyInvocable<void(SendRouter&)> task) = 0;

   protected:
    ~Host() = default;
  };

  // All outlive this. Of `worker_count` workers.
  SendRouter(int worker_count, LocalManagers* managers, const ConnectionTable* connections,
             DialogDirectory* dialogs, Outbound* outbound, WorkerTotals* totals, Host* host);

  // On this worker; refused when the manager is gone.
  void Send(const std::shared_ptr<ManagerState>& manager, PlannedSend planned);
  // In a dialog that this worker has.
  void SendInDialog(const std::shared_ptr<ManagerState>& manager, PlannedSend planned);
  // On the worker that is its `home`.
  void SendFromHome(PlannedSend planned);
  // To its destination, since it cannot use its dialog's flow.
  void LeaveFlow(PlannedSend planned);
  // The server's own request in a dialog: nobody hears what becomes of it, but failures count.
  void SendOwn(const std::string& manager_id, SendOrder order);

 private:
  // Where the send goes that is not to use its dialog's flow, or cannot.
  void SendByDestination(const std::shared_ptr<ManagerState>& manager, PlannedSend planned);
  void Forward(int worker, const std::shared_ptr<ManagerState>& manager, PlannedSend planned);

  const int worker_count_;
  LocalManagers* const managers_;
  const ConnectionTable* const connections_;
  DialogDirectory* const dialogs_;
  Outbound* const outbound_;
  WorkerTotals* const totals_;
  Host* const host_;
  const std::shared_ptr<SendSink> own_sends_ = std::make_shared<UnheardSends>();
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_WORKER_SEND_ROUTER_H_
