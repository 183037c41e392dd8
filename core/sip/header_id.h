#ifndef SIPCM_CORE_SIP_HEADER_ID_H_
#define SIPCM_CORE_SIP_HEADER_ID_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace sipcm::sip {

// The headers known by name. kUnknown is any other valid name: kept, shown and passed on by its
// text. The compact forms of the IANA registry are the same header (RFC 3261 7.3.3).
enum class HeaderId : uint8_t {
  kUnknown,
  kAccept,
  kAcceptContact,
  kAcceptEncoding,
  kAcceptLanguage,
  kAlertInfo,
  kAllow,
  kAllowEvents,
  kAuthenticationInfo,
  kAuthorization,
  kCallId,
  kCallInfo,
  kContact,
  kContentDisposition,
  kContentEncoding,
  kContentLanguage,
  kContentLength,
  kContentType,
  kCseq,
  kDate,
  kDiversion,
  kErrorInfo,
  kEvent,
  kExpires,
  kFlowTimer,
  kFrom,
  kGeolocation,
  kHistoryInfo,
  kIdentity,
  kIdentityInfo,
  kInReplyTo,
  kJoin,
  kMaxForwards,
  kMimeVersion,
  kMinExpires,
  kMinSe,
  kOrganization,
  kPath,
  kPAccessNetworkInfo,
  kPAssertedIdentity,
  kPPreferredIdentity,
  kPriority,
  kPrivacy,
  kProxyAuthenticate,
  kProxyAuthorization,
  kProxyRequire,
  kRack,
  kReason,
  kRecordRoute,
  kReferSub,
  kReferTo,
  kReferredBy,
  kRejectContact,
  kReplaces,
  kReplyTo,
  kRequestDisposition,
  kRequire,
  kRetryAfter,
  kRoute,
  kRseq,
  kServer,
  kServiceRoute,
  kSessionExpires,
  kSipEtag,
  kSipIfMatch,
  kSubject,
  kSubscriptionState,
  kSupported,
  kTargetDialog,
  kTimestamp,
  kTo,
  kUnsupported,
  kUserAgent,
  kVia,
  kWarning,
  kWwwAuthenticate,
  kCount,  // not a header
};

inline constexpr size_t kHeaderIdCount = static_cast<size_t>(HeaderId::kCount);

// How often a header may stand in one message.
enum class Occurrence : uint8_t {
  kList,    // any number: rows are one comma-separated list, or the header is not known
  kSingle,  // once: a second row with another value makes the message ambiguous
};

// Case-insensitive, long or compact form. `name` must be a token (see IsToken).
HeaderId LookupHeader(absl::string_view name);

// "Content-Length"; empty for kUnknown.
absl::string_view HeaderName(HeaderId id);

Occurrence HeaderOccurrence(HeaderId id);

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_HEADER_ID_H_
