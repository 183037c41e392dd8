#ifndef SIPCM_CORE_ENGINE_DIALOGS_DIALOG_DIRECTORY_H_
#define SIPCM_CORE_ENGINE_DIALOGS_DIALOG_DIRECTORY_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "core/base/random_source.h"
#include "core/dialog/dialog_table.h"
#include "core/dialog/exchange.h"
#include "core/dispatch/open_request.h"
#include "core/engine/connection_table.h"
#include "core/engine/dialogs/dialog_claim.h"
#include "core/engine/message_order.h"
#include "core/engine/worker_totals.h"
#include "core/event/event_loop.h"
#include "core/sip/message_view.h"

namespace sipcm::engine {

// The dialogs of one worker, and its way to those of the others. A dialog lives where the
// connection is that made it. Its local tag, when we made it, and its id say where that is, so that
// what passes in it on another worker asks there, or tells it, by a post; nothing is locked. Local
// tags that applications chose are known to the worker that a hash of tag and Call-ID names.
// Thread: the worker's.
class DialogDirectory final : private dialog::DialogTable::Owner {
 public:
  // Questions to other workers that wait for their answer.
  static constexpr size_t kMaxAsked = 4096;

  class Host {
   public:
    // Has `task` run with the directory of that worker; also of this one, in another turn.
    virtual void PostToDialogs(int worker, absl::AnyInvocable<void(DialogDirectory&)> task) = 0;
    // A request of the server's own in a dialog of this worker: an ACK or a BYE. Its dialog fills
    // it in (see Fill) before this returns.
    virtual void SendOwn(const std::string& manager_id, SendOrder order) = 0;

    // No question waits for its answer any more.
    virtual void OnNothingAsked() = 0;

   protected:
    ~Host() = default;
  };

  // All outlive this.
  DialogDirectory(int worker, int worker_count, event::EventLoop* loop, RandomSource* random,
                  WorkerTotals* totals, Host* host);

  // No request that would make a dialog is to be taken.
  bool is_full() const { return table_.is_full(); }

  // --- Requests of peers, those that have a To tag ---
  // What the dialog says; nothing when another worker has to be asked.
  std::optional<DialogClaim> Claim(const ConnectionSlot& slot, const sip::MessageView& request);
  // Asks it; `done` is called in another turn, or at once where it is here. False: too many
  // requests ask already; never to who only looks.
  bool Ask(std::shared_ptr<const dispatch::RequestRecord> record, Claiming claiming,
           absl::AnyInvocable<void(const DialogClaim&)> done);
  size_t asked_count() const { return asked_count_; }
  // From now on it is that subscription's.
  void SetOwner(dialog::DialogId id, uint64_t lineage_id);

  // --- Answers to requests of peers ---
  // The To tag for the answers to a request that may make a dialog, which it remembers.
  std::string MakeToTag(dispatch::OpenRequest* request);
  // An application's answer, as it goes out, by `slot` where the request came by; null: another
  // way. The subscription with the lineage_id `holder` has the request. The dialog that it makes or
  // belongs to.
  dialog::DialogId OnAnswer(const ConnectionSlot* slot, const sip::MessageView& answer,
                            uint64_t holder, dispatch::OpenRequest* request);
  // The request has its final answer, whoever gave it.
  void OnRequestEnded(const dispatch::OpenRequest& request, int status_code);

  // --- Requests of ours ---
  // One that may make dialogs. The local tag for it is TagText() of what this gives.
  // `owner`: as in DialogClaim.
  dialog::DialogId Reserve(const SendOrder& order, const LocalManager& manager, uint64_t owner);
  // Its Call-ID, as it goes out.
  void OnComposed(dialog::DialogId set, const std::string& call_id);
  // One that was put on a connection, with `*set` of Reserve(): 101 to 299 came. The dialog that it
  // made or belongs to; of a forked request each response may bring another one.
  dialog::DialogId OnResponse(const SendOrder& order, uint64_t owner, ConnectionSlot& slot,
                              const sip::MessageView& response, dialog::Exchange exchange,
                              dialog::DialogId* set);
  // No more responses come.
  void OnSendEnded(dialog::DialogId set) { EndForks(set); }
  // Fills in what the dialog says of a request in it. `*flow` is where it goes while that is alive,
  // none when the order says where; else it goes to the destination. NOT_FOUND (DIALOG_NOT_FOUND),
  // INVALID_ARGUMENT naming the field.
  absl::Status Fill(const ManagerConfig& config, SendOrder* order, connection::ConnectionId* flow);
  // A number for one more request in it, for one that was challenged; `least` when another worker
  // has the dialog.
  uint32_t NextCseq(dialog::DialogId id, uint32_t least);
  // This ACK of ours goes out: it is not owed any more.
  void OnAcknowledged(const sip::MessageView& ack);
  // Such a request was put on that connection; with credentials it has another CSeq than Fill()
  // gave it.
  void OnSent(dialog::DialogId id, const dialog::Exchange& request, const ConnectionSlot& slot);
  // It has its final answer, or none came in time.
  void OnExchange(dialog::DialogId id, dialog::Exchange exchange);

  // --- Ends ---
  void ForgetEndpoint(const std::string& endpoint_id);
  void ForgetManager(const std::string& manager_id);

 private:
  // dialog::DialogTable::Owner
  void OnDialogExpired(dialog::Dialog& dialog) override;

  // The worker that knows the dialogs with that local tag.
  int WorkerOf(absl::string_view call_id, absl::string_view local_tag) const;
  std::optional<dialog::DialogId> FindSet(absl::string_view call_id,
                                          absl::string_view local_tag) const;
  DialogClaim ClaimHere(dialog::DialogId set, const sip::MessageView& request,
                        connection::ConnectionId connection, absl::string_view manager_id,
                        const tls::PeerIdentity* peer, Claiming claiming);
  void AskHere(const std::shared_ptr<const dispatch::RequestRecord>& record, Claiming claiming,
               int asker, absl::AnyInvocable<void(const DialogClaim&)> done);
  dialog::Dialog* JoinByNotify(dialog::DialogId set, const sip::MessageView& notify,
                               absl::string_view manager_id, Claiming claiming);
  static void MoveFlow(dialog::Dialog* dialog, connection::ConnectionId connection,
                       const tls::PeerIdentity* peer);

  dialog::Dialog* Adopt(absl::string_view call_id, absl::string_view local_tag);
  void Locate(dialog::Dialog* dialog, const ConnectionSlot* slot);
  void Acknowledge(dialog::Dialog* dialog, const dialog::Exchange& exchange);
  void SendOwn(const dialog::Dialog& dialog, absl::string_view method);
  void Remove(dialog::Dialog* dialog);
  void EndForks(dialog::DialogId set);
  template <typename Predicate>
  void ForgetThose(Predicate predicate);
  void UpdateGauge();
  // Here and now, or with the directory of the other worker in another turn.
  template <typename Task>
  void RunAt(int worker, Task task) {
    if (worker == worker_) {
      task(*this);
    } else if (worker < worker_count_) {
      host_->PostToDialogs(worker, std::move(task));
    }
  }

  const int worker_;
  const int worker_count_;
  event::EventLoop* const loop_;
  WorkerTotals* const totals_;
  Host* const host_;
  dialog::DialogTable table_;
  // Tag and Call-ID of dialogs whose local tag an application chose, of all workers.
  absl::flat_hash_map<std::string, dialog::DialogId> chosen_tags_;
  size_t asked_count_ = 0;
  uint64_t last_cookie_ = 0;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_DIALOGS_DIALOG_DIRECTORY_H_
