#include "core/engine/response_composer.h"

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/sip/raw_message.h"
#include "core/sip/response_builder.h"

namespace sipcm::engine {

std::string ResponseComposer::MakeTag() {
  return absl::StrCat(absl::Hex(random_->Next() >> 4, absl::kZeroPad15));
}

absl::Status ResponseComposer::Append(const ResponseOrder& order, dispatch::OpenRequest& request,
                                      ConnectionSlot& slot, int* status_code) {
  if (!order.message.raw.empty()) {
    SIPCM_RETURN_IF_ERROR(
        WithFieldPrefix(sip::CheckRawResponse(order.message.raw,
                                              slot.manager->runtime.Get()->config.connection.framer,
                                              request.record->view, &raw_response_),
                        "response"));
    *status_code = raw_response_.status_code();
    slot.connection->tail()->append(order.message.raw);
    return absl::OkStatus();
  }
  *status_code = order.status_code;
  if (request.to_tag.empty() && order.status_code > 100) request.to_tag = MakeTag();
  absl::InlinedVector<sip::HeaderText, 16> headers;
  for (const auto& [name, value] : order.message.headers) headers.push_back({name, value});
  return WithFieldPrefix(sip::ResponseBuilder(request.record->view)
                             .Status(order.status_code, order.reason_phrase)
                             .From({slot.peer_host, slot.connection->remote_address().port})
                             .ToTag(request.to_tag)
                             .Headers(headers)
                             .Body(order.message.body)
                             .AppendTo(slot.connection->tail()),
                         "response");
}

}  // namespace sipcm::engine
