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

// Step 1 cannot be asked: what is under way lives with the connections.
void SayWhatIsNotLookedAt(const sip::MessageView& request,
                          std::vector<dispatch::DispatchStep>* steps) {
  if (request.method_id() == sip::Method::kCancel) {
    steps->push_back({dispatch::DispatchReason::kTransaction,
                      "step 1: a CANCEL goes to the INVITE that it cancels, nowhere else"});
  } else if (!request.to_tag().empty()) {
    steps->push_back({dispatch::DispatchReason::kDialog,
                      absl::StrCat("step 1: To has the tag \"", request.to_tag(),
                                   "\": while that dialog lives, its owner gets the request; what "
                                   "follows is without it")});
  }
}

int CountTakers(const dispatch::SubscriptionList& list, absl::string_view method) {
  return static_cast<int>(std::count_if(
      list.begin(), list.end(), [method](const auto& other) { return other->Takes(method); }));
}

void SetAnswer(Situation situation, DispatchExplanation* explanation) {
  explanation->status_code = dispatch::StatusCodeOf(situation);
  explanation->answer_reason = std::string(dispatch::ExplanationOf(situation));
}

}  // namespace

absl::StatusOr<DispatchExplanation> Explain(const std::string& request,
                                            absl::string_view flow_endpoint_id,
                                            ManagerState& manager) {
  const std::shared_ptr<const ManagerRuntime> runtime = manager.runtime().Get();
  sip::MessageView view;
  SIPCM_RETURN_IF_ERROR(ParseRequest(request, runtime->config.connection.framer, &view));
  DispatchExplanation explanation;
  if (const auto refusal = dispatch::JudgeRequest(view); refusal.has_value()) {
    SetAnswer(refusal->situation, &explanation);
    explanation.steps.push_back({dispatch::DispatchReason::kAutomaticAnswer,
                                 absl::StrCat("before dispatch: ", explanation.answer_reason)});
    return explanation;
  }
  SayWhatIsNotLookedAt(view, &explanation.steps);
  if (view.method_id() == sip::Method::kCancel) {
    SetAnswer(Situation::kNoTransaction, &explanation);
    return explanation;
  }
  const dispatch::DispatchDecision decision =
      dispatch::Dispatch({view, flow_endpoint_id}, *manager.directory().Get(),
                         runtime->config.dispatch, &explanation.steps);
  explanation.reason = decision.reason;
  if (decision.entry == nullptr) {
    SetAnswer(decision.situation, &explanation);
  } else {
    explanation.endpoint_id = decision.entry->endpoint->id;
    const auto own = decision.entry->group->subscriptions().Get();
    const auto managers = manager.group()->subscriptions().Get();
    explanation.subscription_count =
        CountTakers(*own, view.method()) + CountTakers(*managers, view.method());
    if (explanation.subscription_count == 0) {
      SetAnswer(own->empty() && managers->empty() ? Situation::kNoSubscription
                                                  : Situation::kMethodNotTaken,
                &explanation);
    }
  }
  if (view.method_id() == sip::Method::kAck) {  // never answered
    explanation.status_code = 0;
    explanation.answer_reason.clear();
  }
  return explanation;
}

}  // namespace sipcm::engine
