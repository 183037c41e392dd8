#ifndef SIPCM_CORE_ENGINE_TRANSACTIONS_SERVER_ANSWERS_H_
#define SIPCM_CORE_ENGINE_TRANSACTIONS_SERVER_ANSWERS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "core/dispatch/automatic_answer.h"
#include "core/engine/connection_table.h"
#include "core/engine/requests/response_composer.h"
#include "core/engine/worker_totals.h"
#include "core/sip/message_view.h"
#include "core/sip/parser.h"

namespace sipcm::engine {

// The answers that the server gives by itself (the table of semantics.md 7): written to the
// connection of the request, and counted. Thread: the worker's.
class ServerAnswers {
 public:
  // Both outlive this.
  ServerAnswers(ResponseComposer* composer, WorkerTotals* totals)
      : composer_(composer), totals_(totals) {}

  // What goes into an answer besides its situation.
  struct Details {
    absl::string_view to_tag;  // empty: one is made
    absl::string_view allow;
    absl::string_view unsupported;
  };
  // Nothing to an ACK, and nothing on a connection that cannot send.
  void Give(ConnectionSlot& slot, const sip::MessageView& request, dispatch::Situation situation,
            const Details& details);
  void Give(ConnectionSlot& slot, const sip::MessageView& request, dispatch::Situation situation) {
    Give(slot, request, situation, Details());
  }
  // 400 and the like to what is not well-formed, naming the field, when it can be answered at all.
  void Refuse(ConnectionSlot& slot, const sip::MessageView& request,
              const sip::ParseVerdict& verdict);
  // 100, which is no answer yet and not counted. What was written; empty: nothing could be.
  std::string GiveTrying(ConnectionSlot& slot, const sip::MessageView& request);

 private:
  void Count(const ConnectionSlot& slot, int status_code);

  ResponseComposer* const composer_;
  WorkerTotals* const totals_;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_TRANSACTIONS_SERVER_ANSWERS_H_
