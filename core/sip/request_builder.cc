#include "core/sip/request_builder.h"

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/sip/call_id.h"
#include "core/sip/characters.h"
#include "core/sip/cseq.h"
#include "core/sip/framer.h"
#include "core/sip/name_address.h"
#include "core/sip/uri.h"
#include "core/sip/via.h"

namespace sipcm::sip {
namespace {

bool Has(const HeaderSet& given, HeaderId id) { return given.test(static_cast<size_t>(id)); }

absl::Status CheckRequestLine(const RequestParts& parts) {
  if (!IsToken(parts.method) || parts.method.size() > kMaxMethodBytes) {
    return InvalidArgument("INVALID_SIP_MESSAGE", "method",
                           "the method must be a token, e.g. \"OPTIONS\"");
  }
  const UriView uri = ParseUri(parts.request_uri);
  if (!uri.ok())
    return InvalidArgument("INVALID_SIP_URI", "request_uri",
                           absl::StrCat("not a URI: ", uri.fault));
  if (uri.has_headers) {
    return InvalidArgument("INVALID_SIP_URI", "request_uri",
                           "a Request-URI has no \"?headers\"; send them as headers");
  }
  return absl::OkStatus();
}

absl::Status CheckViaParts(const RequestParts& parts) {
  if (!IsToken(parts.transport))
    return InvalidArgument("INVALID_SIP_MESSAGE", "transport", "not a token");
  if (!IsToken(parts.branch))
    return InvalidArgument("INVALID_SIP_MESSAGE", "branch", "not a token");
  SIPCM_RETURN_IF_ERROR(CheckText(parts.sent_by, "sent_by"));
  return CheckText(parts.via_parameters, "via_parameters");
}

absl::Status CheckIdentity(const RequestParts& parts, const HeaderSet& given) {
  for (HeaderId id : {HeaderId::kFrom, HeaderId::kTo}) {
    if (!Has(given, id)) {
      return InvalidArgument("INVALID_SIP_MESSAGE", "headers",
                             absl::StrCat("a request needs a ", HeaderName(id), " header"));
    }
  }
  if (!Has(given, HeaderId::kCallId) && !IsCallId(parts.call_id)) {
    return InvalidArgument("INVALID_SIP_MESSAGE", "call_id", "no Call-ID was given");
  }
  if (!Has(given, HeaderId::kCseq) && parts.cseq > kMaxCseq) {
    return InvalidArgument("INVALID_SIP_MESSAGE", "cseq", "the CSeq number must be below 2^31");
  }
  for (size_t i = 0; i < parts.headers.size(); ++i) {
    const HeaderId id = LookupHeader(parts.headers[i].name);
    const absl::string_view value = Trim(parts.headers[i].value);
    Cseq cseq;
    NameAddress address;
    if (id == HeaderId::kCseq && ParseCseq(value, &cseq) == CseqForm::kValid &&
        cseq.method != parts.method) {
      return InvalidArgument("INVALID_SIP_MESSAGE", absl::StrCat("headers[", i, "].value"),
                             "the method of the CSeq is not the request's");
    }
    if (id == HeaderId::kFrom && ParseNameAddress(value, &address).empty() && address.tag.empty() &&
        !IsToken(parts.from_tag)) {
      return InvalidArgument("INVALID_SIP_MESSAGE", "from_tag",
                             "the From has no tag, and none was given");
    }
  }
  return absl::OkStatus();
}

// All but the Via that is to be written; `*given`: the headers that there are.
absl::Status Judge(const RequestParts& parts, HeaderSet* given) {
  SIPCM_RETURN_IF_ERROR(CheckRequestLine(parts));
  SIPCM_RETURN_IF_ERROR(CheckViaParts(parts));
  SIPCM_RETURN_IF_ERROR(CheckHeaders(parts.headers, parts.body.size(), given));
  return CheckIdentity(parts, *given);
}

HeaderSet GivenIn(absl::Span<const HeaderText> headers) {
  HeaderSet given;
  for (const HeaderText& header : headers) {
    const HeaderId id = LookupHeader(header.name);
    if (id != HeaderId::kUnknown) given.set(static_cast<size_t>(id));
  }
  return given;
}

// Judged where it was written, so that the check costs no string of its own.
absl::Status AppendVia(const RequestParts& parts, std::string* out) {
  absl::StrAppend(out, "Via: ");
  const size_t start = out->size();
  absl::StrAppend(out, "SIP/2.0/", parts.transport, " ", parts.sent_by);
  absl::StrAppend(out, ";branch=", parts.branch, parts.via_parameters);
  if (parts.judged == Judged::kNo) {
    Via via;
    const absl::string_view fault = ParseVia(absl::string_view(*out).substr(start), &via);
    if (!fault.empty()) {
      return InvalidArgument("INVALID_SIP_MESSAGE", "sent_by", absl::StrCat("not a Via: ", fault));
    }
  }
  absl::StrAppend(out, "\r\n");
  return absl::OkStatus();
}

// A From without a tag gets ours; everything else goes out as given.
void AppendGiven(const HeaderText& header, absl::string_view from_tag, std::string* out) {
  NameAddress address;
  const bool lacks_tag = LookupHeader(header.name) == HeaderId::kFrom &&
                         ParseNameAddress(header.value, &address).empty() && address.tag.empty();
  if (lacks_tag) {
    absl::StrAppend(out, header.name, ": ", Trim(header.value), ";tag=", from_tag, "\r\n");
  } else {
    AppendHeader(header.name, header.value, out);
  }
}

}  // namespace

absl::Status CheckRequest(const RequestParts& parts) {
  HeaderSet given;
  return Judge(parts, &given);
}

absl::Status AppendRequest(const RequestParts& parts, std::string* out) {
  HeaderSet given;
  if (parts.judged == Judged::kYes) {
    given = GivenIn(parts.headers);
  } else {
    SIPCM_RETURN_IF_ERROR(Judge(parts, &given));
  }
  const size_t start = out->size();
  absl::StrAppend(out, parts.method, " ", parts.request_uri, " SIP/2.0\r\n");
  absl::Status status = AppendVia(parts, out);
  if (!status.ok()) {
    out->resize(start);
    return status;
  }
  if (!Has(given, HeaderId::kMaxForwards)) AppendHeader("Max-Forwards", parts.max_forwards, out);
  for (const HeaderText& header : parts.headers) AppendGiven(header, parts.from_tag, out);
  if (!Has(given, HeaderId::kCallId)) AppendHeader("Call-ID", parts.call_id, out);
  if (!Has(given, HeaderId::kCseq)) {
    absl::StrAppend(out, "CSeq: ", parts.cseq, " ", parts.method, "\r\n");
  }
  if (!Has(given, HeaderId::kContentLength)) {
    AppendHeader("Content-Length", parts.body.size(), out);
  }
  absl::StrAppend(out, "\r\n", parts.body);
  return absl::OkStatus();
}

}  // namespace sipcm::sip
