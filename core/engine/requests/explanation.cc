#include "core/engine/requests/explanation.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/dispatch/automatic_answer.h"
#include "core/dispatch/dispatcher.h"
#include "core/dispatch/request_judgement.h"
#include "core/sip/framer.h"
#include "core/sip/method.h"
#include "core/sip/parser.h"
#include "core/sip/raw_message.h"

namespace sipcm::engine {
namespace {

using dispatch::Situation;

absl::Status ParseRequest(const std::string& request, const sip::FramerLimits& limits,
                          sip::MessageView* view) {
  sip::Framer framer(limits);
  const sip::Frame frame = framer.Next(request);
  if (frame.kind == sip::FrameKind::kError) return sip::FrameFault("request", frame.error);
  if (frame.kind != sip::FrameKind::kMessage) {
    return InvalidArgument(
        "INVALID_SIP_MESSAGE", "request",
        "not one whole SIP request: give start line, headers, a blank line (CRLF "
        "line ends) and the body that Content-Length tells");
  }
  const absl::string_view bytes =
      absl::string_view(request).substr(frame.offset, frame.header_length + frame.body_length);
  const sip::ParseVerdict verdict = sip::Parse(bytes, frame.header_length, *view);
  if (!verdict.ok()) {
    return InvalidArgument("INVALID_SIP_MESSAGE", "request",
                           absl::StrCat(verdict.field, ": ", verdict.reason));
  }
  if (!view->is_request())
    return InvalidArgument("INVALID_SIP_MESSAGE", "request", "it is a response; give a request");
  return absl::OkStatus();
}

int CountTakers(const dispatch::SubscriptionList& list, absl::string_view method) {
  return static_cast<int>(std::count_if(
      list.begin(), list.end(), [method](const auto& other) { return other->Takes(method); }));
}

void SetAnswer(Situation situation, DispatchExplanation* explanation) {
  explanation->status_code = dispatch::StatusCodeOf(situation);
  explanation->answer_reason = std::string(dispatch::ExplanationOf(situation));
}

void SetRefusal(const dispatch::RequestRefusal& refusal, absl::string_view when,
                DispatchExplanation* explanation) {
  SetAnswer(refusal.situation, explanation);
  explanation->steps.push_back({dispatch::DispatchReason::kAutomaticAnswer,
                                absl::StrCat(when, ": ", explanation->answer_reason)});
}

// Step 1, of what has a To tag; false: the other steps decide.
bool DecideByDialog(const sip::MessageView& request, const DialogClaim& claim,
                    const dispatch::EndpointDirectory& directory,
                    dispatch::DispatchDecision* decision, DispatchExplanation* explanation) {
  std::string said = absl::StrCat("step 1: To has the tag \"", request.to_tag(), "\", ");
  const bool begins_anew = request.method_id() == sip::Method::kInvite;
  switch (claim.verdict) {
    case DialogClaim::Verdict::kInDialog:
      absl::StrAppend(&said, "of dialog \"", claim.dialog.ToString(), "\", which is alive");
      decision->reason = dispatch::DispatchReason::kDialog;
      decision->entry = directory.FindById(claim.endpoint_id);
      break;
    case DialogClaim::Verdict::kOutOfOrder:
      absl::StrAppend(&said, "of dialog \"", claim.dialog.ToString(),
                      "\", which had this CSeq or a higher one before");
      decision->situation = Situation::kOutOfOrder;
      break;
    case DialogClaim::Verdict::kUnknownTag:
      absl::StrAppend(&said, "which is of no dialog here",
                      begins_anew ? "; an INVITE may begin it anew (RFC 3261 12.2.2)" : "");
      decision->situation = Situation::kNoDialog;
      break;
    case DialogClaim::Verdict::kNoDialog:
      absl::StrAppend(&said, "of a dialog that is not alive, or is another's");
      decision->situation = Situation::kNoDialog;
      break;
  }
  explanation->steps.push_back({dispatch::DispatchReason::kDialog, std::move(said)});
  return claim.verdict != DialogClaim::Verdict::kUnknownTag || !begins_anew;
}

void SetTakers(const sip::MessageView& request, const dispatch::EndpointDirectory::Entry& entry,
               ManagerState& manager, DispatchExplanation* explanation) {
  explanation->endpoint_id = entry.endpoint->id;
  const auto own = entry.group->subscriptions().Get();
  const auto managers = manager.group()->subscriptions().Get();
  explanation->subscription_count =
      CountTakers(*own, request.method()) + CountTakers(*managers, request.method());
  if (explanation->subscription_count > 0) return;
  SetAnswer(
      own->empty() && managers->empty() ? Situation::kNoSubscription : Situation::kMethodNotTaken,
      explanation);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const dispatch::RequestRecord>> ReadRequest(std::string request,
                                                                           ManagerState& manager) {
  auto record = std::make_shared<dispatch::RequestRecord>();
  record->bytes = std::move(request);
  record->manager_id = manager.id();
  SIPCM_RETURN_IF_ERROR(ParseRequest(
      record->bytes, manager.runtime().Get()->config.connection.framer, &record->view));
  return record;
}

bool AsksDialog(const sip::MessageView& request) {
  return !request.to_tag().empty() && request.method_id() != sip::Method::kCancel &&
         request.method_id() != sip::Method::kAck && !dispatch::JudgeRequest(request).has_value();
}

DispatchExplanation Explain(const sip::MessageView& request, absl::string_view flow_endpoint_id,
                            const DialogClaim& claim, ManagerState& manager) {
  DispatchExplanation explanation;
  if (const auto refusal = dispatch::JudgeRequest(request); refusal.has_value()) {
    SetRefusal(*refusal, "before dispatch", &explanation);
    return explanation;
  }
  if (request.method_id() == sip::Method::kCancel) {
    explanation.steps.push_back(
        {dispatch::DispatchReason::kTransaction,
         "step 1: a CANCEL goes to the INVITE that it cancels, nowhere else"});
    SetAnswer(Situation::kNoTransaction, &explanation);
    return explanation;
  }
  const auto directory = manager.directory().Get();
  dispatch::DispatchDecision decision;
  if (!AsksDialog(request) ||
      !DecideByDialog(request, claim, *directory, &decision, &explanation)) {
    decision = dispatch::Dispatch({request, flow_endpoint_id}, *directory,
                                  manager.runtime().Get()->config.dispatch, &explanation.steps);
  }
  explanation.reason = decision.reason;
  const dispatch::Endpoint* const endpoint =
      decision.entry == nullptr ? nullptr : decision.entry->endpoint.get();
  if (const auto refusal = dispatch::JudgeExtensions(request, endpoint); refusal.has_value()) {
    explanation.reason = dispatch::DispatchReason::kAutomaticAnswer;
    SetRefusal(*refusal, "step 7", &explanation);
  } else if (endpoint == nullptr) {
    SetAnswer(decision.situation, &explanation);
    if (explanation.steps.back().reason == dispatch::DispatchReason::kDialog) {
      explanation.steps.push_back({dispatch::DispatchReason::kAutomaticAnswer,
                                   absl::StrCat("step 7: ", explanation.answer_reason)});
    }
  } else {
    SetTakers(request, *decision.entry, manager, &explanation);
  }
  if (request.method_id() == sip::Method::kAck) {  // never answered
    explanation.status_code = 0;
    explanation.answer_reason.clear();
  }
  return explanation;
}

}  // namespace sipcm::engine
