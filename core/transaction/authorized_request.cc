#include "core/transaction/authorized_request.h"

#include "absl/strings/str_cat.h"
#include "core/sip/header_id.h"

namespace sipcm::transaction {
namespace {

// The row with another branch in it.
std::string ViaWith(absl::string_view row, absl::string_view old_branch, absl::string_view branch) {
  const size_t at = static_cast<size_t>(old_branch.data() - row.data());
  return absl::StrCat(row.substr(0, at), branch, row.substr(at + old_branch.size()));
}

}  // namespace

std::string MakeAuthorized(const sip::MessageView& request, absl::string_view branch,
                           uint32_t cseq_number,
                           const std::vector<std::pair<std::string, std::string>>& credentials) {
  std::string out = absl::StrCat(request.method(), " ", request.request_uri(), " SIP/2.0\r\n");
  const sip::HeaderField* const top_via = request.Find(sip::HeaderId::kVia);
  for (const sip::HeaderField& field : request.headers()) {
    switch (field.id) {
      case sip::HeaderId::kAuthorization:
      case sip::HeaderId::kProxyAuthorization:
        break;
      case sip::HeaderId::kVia:
        absl::StrAppend(&out, &field == top_via
                                  ? ViaWith(request.line(field), request.branch(), branch)
                                  : std::string(request.line(field)));
        break;
      case sip::HeaderId::kCseq:
        absl::StrAppend(&out, "CSeq: ", cseq_number, " ", request.method(), "\r\n");
        for (const auto& [name, value] : credentials) {
          absl::StrAppend(&out, name, ": ", value, "\r\n");
        }
        break;
      default:
        absl::StrAppend(&out, request.line(field));
    }
  }
  absl::StrAppend(&out, "\r\n", request.body());
  return out;
}

}  // namespace sipcm::transaction
