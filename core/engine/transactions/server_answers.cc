#include "core/engine/transactions/server_answers.h"

namespace sipcm::engine {
namespace {

// Who warns (RFC 3261 20.43).
std::string AgentOf(ConnectionSlot& slot) {
  const std::string& host = slot.manager->runtime.Get()->config.local_host_name;
  return host.empty() ? slot.connection->local_address().ip.ToUriHost() : host;
}

// Views of its arguments.
dispatch::AnswerContext ContextOf(const ConnectionSlot& slot, absl::string_view agent,
                                  absl::string_view to_tag) {
  dispatch::AnswerContext context;
  context.agent = agent;
  context.to_tag = to_tag;
  context.received_host = slot.peer_host;
  context.received_port = slot.connection->remote_address().port;
  return context;
}

}  // namespace

void ServerAnswers::Count(const ConnectionSlot& slot, int status_code) {
  totals_->automatic_answers[status_code].Add();
  slot.manager->counters.automatic_answers.Add();
}

void ServerAnswers::Give(ConnectionSlot& slot, const sip::MessageView& request,
                         dispatch::Situation situation, const Details& details) {
  if (!slot.connection->can_send()) return;
  const std::string agent = AgentOf(slot);
  const std::string made = details.to_tag.empty() ? composer_->MakeTag() : std::string();
  dispatch::AnswerContext context =
      ContextOf(slot, agent, details.to_tag.empty() ? made : details.to_tag);
  context.allow = details.allow;
  context.unsupported = details.unsupported;
  if (!dispatch::AppendAutomaticAnswer(request, situation, context, slot.connection->tail())) {
    return;
  }
  slot.connection->Commit();
  Count(slot, dispatch::StatusCodeOf(situation));
}

void ServerAnswers::Refuse(ConnectionSlot& slot, const sip::MessageView& request,
                           const sip::ParseVerdict& verdict) {
  const std::string agent = AgentOf(slot);
  const std::string tag = composer_->MakeTag();
  if (dispatch::AppendRefusal(request, verdict, ContextOf(slot, agent, tag),
                              slot.connection->tail())) {
    slot.connection->Commit();
    Count(slot, verdict.status_code);
  }
}

std::string ServerAnswers::GiveTrying(ConnectionSlot& slot, const sip::MessageView& request) {
  std::string response;
  if (!slot.connection->can_send() ||
      !dispatch::AppendAutomaticAnswer(request, dispatch::Situation::kTrying,
                                       ContextOf(slot, "", ""), &response)) {
    return std::string();
  }
  slot.connection->Send(response);
  return response;
}

}  // namespace sipcm::engine
