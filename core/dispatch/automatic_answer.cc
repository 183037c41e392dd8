#include "core/dispatch/automatic_answer.h"

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "core/base/check.h"
#include "core/sip/method.h"
#include "core/sip/response_builder.h"
#include "core/sip/warning.h"

namespace sipcm::dispatch {
namespace {

struct Answer {
  int status_code;
  bool retry_after;
  absl::string_view explanation;
};

constexpr Answer AnswerOf(Situation situation) {
  switch (situation) {
    case Situation::kNoEndpoint:
      return {500, false, "no endpoint is registered on this connection manager"};
    case Situation::kNothingMatches:
      return {500, false, "no endpoint owns the Request-URI or the To address"};
    case Situation::kNotFound:
      return {404, false, "no endpoint owns the Request-URI or the To address"};
    case Situation::kNoDialog:
      return {481, false, "no such dialog"};
    case Situation::kOutOfOrder:
      return {500, false, "CSeq: its number is not higher than that of an earlier request"};
    case Situation::kNoTransaction:
      return {481, false, "no INVITE transaction matches this CANCEL"};
    case Situation::kNoSubscription:
      return {480, true, "no application is subscribed to the endpoint"};
    case Situation::kApplicationGone:
      return {500, true, "the application went away before it answered"};
    case Situation::kOverloaded:
      return {503, true, "every application of the endpoint is busy"};
    case Situation::kExpired:
      return {500, false, "the application did not answer in time"};
    case Situation::kMethodNotTaken:
      return {405, false, "no application takes this method"};
    case Situation::kMethodUnknown:
      return {501, false, "no application takes this method, and the server does not know it"};
    case Situation::kUnknownScheme:
      return {416, false, "Request-URI: its scheme is neither sip, sips nor tel"};
    case Situation::kBadExtension:
      return {420, false, "Require: it names an extension that is not known here"};
    case Situation::kTooManyHops:
      return {483, false, "Max-Forwards: it is 0, and no endpoint here owns the request"};
    case Situation::kDraining:
      return {503, true, "the server is draining"};
    case Situation::kMerged:
      return {482, false, "the same request came by two ways"};
    case Situation::kCancelled:
      return {487, false, ""};
    case Situation::kCancelAccepted:
      return {200, false, ""};
    case Situation::kTrying:
      return {100, false, ""};
  }
  SIPCM_UNREACHABLE("unknown Situation");
}

bool Append(const sip::MessageView& request, int status_code,
            absl::Span<const sip::HeaderText> headers, const AnswerContext& context,
            std::string* out) {
  return sip::ResponseBuilder(request)
      .Status(status_code)
      .From({context.received_host, context.received_port})
      .ToTag(context.to_tag)
      .Headers(headers)
      .AppendTo(out)
      .ok();
}

}  // namespace

int StatusCodeOf(Situation situation) { return AnswerOf(situation).status_code; }
absl::string_view ExplanationOf(Situation situation) { return AnswerOf(situation).explanation; }

bool AppendAutomaticAnswer(const sip::MessageView& request, Situation situation,
                           const AnswerContext& context, std::string* out) {
  const Answer answer = AnswerOf(situation);
  absl::InlinedVector<sip::HeaderText, 3> headers;
  std::string warning;
  if (!answer.explanation.empty()) {
    sip::AppendWarning(sip::kMiscellaneousWarning, context.agent, answer.explanation, &warning);
    headers.push_back({"Warning", warning});
  }
  const std::string retry_after = answer.retry_after ? absl::StrCat(kRetryAfterSeconds) : "";
  if (answer.retry_after) headers.push_back({"Retry-After", retry_after});
  if (situation == Situation::kMethodNotTaken || situation == Situation::kMethodUnknown) {
    headers.push_back({"Allow", context.allow.empty() ? sip::AllowedMethods() : context.allow});
  }
  if (situation == Situation::kBadExtension) {
    headers.push_back({"Unsupported", context.unsupported});
  }
  return Append(request, answer.status_code, headers, context, out);
}

bool AppendRefusal(const sip::MessageView& request, const sip::ParseVerdict& verdict,
                   const AnswerContext& context, std::string* out) {
  if (!verdict.answerable) return false;
  const std::string warning =
      sip::MakeWarning(sip::kMiscellaneousWarning, context.agent,
                       verdict.field.empty() ? std::string(verdict.reason)
                                             : absl::StrCat(verdict.field, ": ", verdict.reason));
  const sip::HeaderText headers[] = {{"Warning", warning}};
  return Append(request, verdict.status_code, headers, context, out);
}

}  // namespace sipcm::dispatch
