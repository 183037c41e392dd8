#ifndef SIPCM_CORE_DISPATCH_AUTOMATIC_ANSWER_H_
#define SIPCM_CORE_DISPATCH_AUTOMATIC_ANSWER_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "core/sip/message_view.h"
#include "core/sip/parser.h"

namespace sipcm::dispatch {

// Why the server answers a request by itself (the table of semantics.md 7).
enum class Situation : uint8_t {
  kNoEndpoint,       // 500: the manager has no endpoint at all
  kNothingMatches,   // 500: profile UCMA
  kNotFound,         // 404: profile RFC
  kNoDialog,         // 481: a To tag, and nobody has it
  kOutOfOrder,       // 500: lower CSeq than one that the dialog has seen (RFC 3261 12.2.2)
  kNoTransaction,    // 481: CANCEL without match
  kNoSubscription,   // 480 + Retry-After
  kApplicationGone,  // 500 + Retry-After: its stream ended after the delivery, none is left
  kOverloaded,       // 503 + Retry-After: no credit and the line is full
  kExpired,          // 500: no answer by the deadline
  kMethodNotTaken,   // 405 + Allow: no subscription takes the method
  kMethodUnknown,    // 501 + Allow: profile RFC; nor does the server know it
  kUnknownScheme,    // 416: the Request-URI is neither sip, sips nor tel
  kBadExtension,     // 420 + Unsupported: Require names what nobody knows
  kTooManyHops,      // 483: nobody here owns it, and it may go no further
  kDraining,         // 503 + Retry-After
  kMerged,           // 482: the same request came by two ways (RFC 3261 8.2.2.2)
  kCancelled,        // 487 to an INVITE that was cancelled
  kCancelAccepted,   // 200 to the CANCEL itself
  kTrying,           // 100: the application takes its time
};

inline constexpr int kRetryAfterSeconds = 5;

int StatusCodeOf(Situation situation);
// For the Warning header and for ExplainDispatch.
absl::string_view ExplanationOf(Situation situation);

// What an answer needs besides the request.
struct AnswerContext {
  absl::string_view agent;          // host for the Warning
  absl::string_view to_tag;         // used when the request has none
  absl::string_view received_host;  // the peer's literal address, for the top Via
  uint16_t received_port = 0;
  absl::string_view allow;  // kMethodNotTaken, kMethodUnknown: what is taken; empty = all known
  absl::string_view unsupported;  // kBadExtension: the value of Unsupported
};

// Appends the answer to `out`. False, and nothing appended, when the request cannot be answered:
// an ACK, or what an answer needs is missing. Pure.
bool AppendAutomaticAnswer(const sip::MessageView& request, Situation situation,
                           const AnswerContext& context, std::string* out);
// The same for a request that is not well-formed: status and Warning from `verdict`.
bool AppendRefusal(const sip::MessageView& request, const sip::ParseVerdict& verdict,
                   const AnswerContext& context, std::string* out);

}  // namespace sipcm::dispatch

#endif  // SIPCM_CORE_DISPATCH_AUTOMATIC_ANSWER_H_
