#include "core/dispatch/dispatcher.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/sip/address_of_record.h"
#include "core/sip/parameters.h"
#include "core/sip/uri.h"

namespace sipcm::dispatch {
namespace {

void Note(std::vector<std::string>* steps, absl::string_view line) {
  if (steps != nullptr) steps->emplace_back(line);
}

// The epid that the sender aims at: of the To header, or of the Request-URI (MS-SIPRE 2.2).
std::string WantedEndpointId(const sip::MessageView& request, const sip::UriView& uri) {
  sip::Parameter parameter;
  if (sip::FindParameter(request.to().parameters, "epid", &parameter)) {
    return std::string(parameter.value);
  }
  if (uri.ok() && uri.FindParameter("epid", &parameter)) return std::string(parameter.value);
  return std::string();
}

// Of several owners of one address the one with the wanted epid; none when that is not unique.
EndpointDirectory::EntryPointer Choose(const EndpointDirectory::Entries& entries,
                                       const std::string& wanted,
                                       std::vector<std::string>* steps) {
  if (entries.size() == 1) return entries.front();
  EndpointDirectory::EntryPointer chosen;
  for (const EndpointDirectory::EntryPointer& entry : entries) {
    if (!wanted.empty() && absl::EqualsIgnoreCase(entry->endpoint->endpoint_id, wanted)) {
      chosen = entry;
    }
  }
  if (chosen == nullptr) {
    Note(steps, absl::StrCat("  ", entries.size(),
                             " endpoints own it and no epid tells them apart: not decided"));
  }
  return chosen;
}

EndpointDirectory::EntryPointer FindOwner(absl::string_view what, const sip::UriView& uri,
                                          const EndpointDirectory& directory,
                                          const std::string& wanted,
                                          std::vector<std::string>* steps) {
  if (!uri.ok()) {
    Note(steps, absl::StrCat("step 4: the ", what, " is not a URI we know: ", uri.fault));
    return nullptr;
  }
  const sip::AddressOfRecord address(uri);
  for (absl::string_view key : {address.text(), address.host()}) {
    if (key.empty()) continue;
    const EndpointDirectory::Entries* entries = directory.FindByAddress(key);
    if (steps != nullptr) {
      Note(steps, absl::StrCat("step 4: ", what, " \"", key, "\" is owned by ",
                               entries == nullptr ? 0 : entries->size(), " endpoint(s)"));
    }
    if (entries == nullptr) continue;
    if (auto entry = Choose(*entries, wanted, steps); entry != nullptr) return entry;
  }
  return nullptr;
}

DispatchDecision Decided(DispatchReason reason, EndpointDirectory::EntryPointer entry) {
  DispatchDecision decision;
  decision.reason = reason;
  decision.entry = std::move(entry);
  return decision;
}

Situation NothingMatched(const sip::MessageView& request, const EndpointDirectory& directory,
                         const DispatchPolicy& policy) {
  // A To tag says that the sender believes in a dialog (RFC 3261 12.2.2).
  if (!request.to_tag().empty()) return Situation::kNoDialog;
  if (policy.profile == DispatchProfile::kRfc) return Situation::kNotFound;
  return directory.size() == 0 ? Situation::kNoEndpoint : Situation::kNothingMatches;
}

}  // namespace

DispatchDecision Dispatch(const sip::MessageView& request, const EndpointDirectory& directory,
                          const DispatchPolicy& policy, std::vector<std::string>* steps) {
  if (directory.size() > 0) {
    const sip::UriView request_uri = sip::ParseUri(request.request_uri());
    const std::string wanted = WantedEndpointId(request, request_uri);
    if (auto entry = FindOwner("Request-URI", request_uri, directory, wanted, steps);
        entry != nullptr) {
      return Decided(DispatchReason::kRequestUri, std::move(entry));
    }
    const sip::UriView to = sip::ParseUri(request.to().uri);
    if (auto entry = FindOwner("To", to, directory, wanted, steps); entry != nullptr) {
      return Decided(DispatchReason::kToAddress, std::move(entry));
    }
  }
  if (policy.strictness == DispatchStrictness::kStrict) {
    if (auto entry = directory.only_peer_to_peer(); entry != nullptr) {
      Note(steps, "step 5: strict, and exactly one peer-to-peer endpoint");
      return Decided(DispatchReason::kStrict, std::move(entry));
    }
    Note(steps, absl::StrCat("step 5: strict, but ", directory.peer_to_peer_count(),
                             " peer-to-peer endpoints, not one"));
  }
  if (!policy.default_endpoint_id.empty()) {
    auto entry = directory.FindById(policy.default_endpoint_id);
    Note(steps, absl::StrCat("step 6: the default endpoint \"", policy.default_endpoint_id, "\"",
                             entry == nullptr ? " does not exist on this manager" : ""));
    if (entry != nullptr) return Decided(DispatchReason::kDefaultEndpoint, std::move(entry));
  }
  DispatchDecision decision;
  decision.situation = NothingMatched(request, directory, policy);
  Note(steps, "step 7: nothing matches: an automatic answer");
  return decision;
}

}  // namespace sipcm::dispatch
