#ifndef SIPCM_CORE_ENGINE_DIALOGS_UNHEARD_SENDS_H_
#define SIPCM_CORE_ENGINE_DIALOGS_UNHEARD_SENDS_H_

#include <vector>

#include "core/engine/message_order.h"

namespace sipcm::engine {

// Of the server's own requests in dialogs: nobody waits for what becomes of them.
class UnheardSends final : public SendSink {
 public:
  void OnSendEvents(std::vector<SendEvent>) override {}
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_DIALOGS_UNHEARD_SENDS_H_
