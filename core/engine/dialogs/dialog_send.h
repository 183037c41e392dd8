#ifndef SIPCM_CORE_ENGINE_DIALOGS_DIALOG_SEND_H_
#define SIPCM_CORE_ENGINE_DIALOGS_DIALOG_SEND_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/dialog/exchange.h"
#include "core/engine/connection_table.h"
#include "core/engine/dialogs/dialog_directory.h"
#include "core/engine/message_order.h"
#include "core/sip/message_view.h"

namespace sipcm::engine {

// What one request of ours has to do with dialogs: it is in one, or its responses may make some.
// Destroy it when no more responses come: dialogs that were not confirmed end with it.
// Thread: the worker's.
class DialogSend {
 public:
  // Null: it has nothing to do with dialogs. RESOURCE_EXHAUSTED (RESOURCE_LIMIT): there is no room
  // for one more. `order` and `dialogs` outlive it; `sink` tells whose send it is.
  static absl::StatusOr<std::unique_ptr<DialogSend>> Make(const SendOrder& order,
                                                          const SendSink* sink, sip::Method method,
                                                          LocalManager& manager,
                                                          DialogDirectory* dialogs);
  ~DialogSend();
  DialogSend(const DialogSend&) = delete;
  DialogSend& operator=(const DialogSend&) = delete;

  // The tag for a From that has none; empty: any.
  std::string from_tag() const;
  // What it says, as it will go out: its dialogs are made from it, as are ACK and CANCEL of an
  // INVITE. INVALID_ARGUMENT (request.headers): it is not well-formed.
  absl::Status Read(absl::string_view request);
  // The number of the request that follows this one with credentials; `least` where it is in no
  // dialog, or in one of another worker.
  uint32_t NextCseq(uint32_t least);
  // It was put on that connection.
  void OnSent(const ConnectionSlot& slot);
  // The dialog that the response made or belongs to.
  dialog::DialogId OnResponse(ConnectionSlot& slot, const sip::MessageView& response);
  // Nor can one come any more: its connection was lost after something of it went out.
  void OnConnectionLost();
  // None came in time, `waited` after it was put on a connection.
  void OnNoAnswer(absl::Duration waited);
  // It was given up, but this final answer came: the dialog that it is in changes all the same, and
  // asks nobody for an ACK.
  void OnLateAnswer(const sip::MessageView& response);

 private:
  DialogSend(const SendOrder& order, DialogDirectory* dialogs) : order_(order), dialogs_(dialogs) {}

  const SendOrder& order_;
  DialogDirectory* const dialogs_;
  uint64_t owner_ = 0;    // of the dialogs that it makes
  dialog::DialogId set_;  // those
  dialog::Exchange exchange_;
  bool has_answer_ = false;  // a provisional one at least
  std::string call_id_;      // as sent
  std::string from_tag_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_DIALOGS_DIALOG_SEND_H_
