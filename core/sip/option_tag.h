#ifndef SIPCM_CORE_SIP_OPTION_TAG_H_
#define SIPCM_CORE_SIP_OPTION_TAG_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/sip/message_view.h"

namespace sipcm::sip {

// Whether `tag` names an extension that exists: of the IANA registry, or one of Microsoft's
// ("ms-…", "com.microsoft.…"). ASCII case-insensitive.
bool IsKnownOptionTag(absl::string_view tag);

// The tags of Require that no application can know, as the value of Unsupported (RFC 3261 8.2.2.3),
// but for those of `supported`, compared as tags are; empty: none.
std::string UnknownRequirements(const MessageView& request,
                                absl::Span<const std::string> supported = {});

}  // namespace sipcm::sip

#endif  // SIPCM_CORE_SIP_OPTION_TAG_H_
