#include "core/dispatch/dispatcher.h"

#include <algorithm>

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
absl::string_view WantedEndpointId(const sip::MessageView& request, const sip::UriView& uri) {
  sip::Parameter parameter;
  if (sip::FindParameter(request.to().parameters, "epid", &parameter)) return parameter.value;
  if (uri.ok() && uri.FindParameter("epid", &parameter)) return parameter.value;
  return {};
}

// How well the address or alias of `endpoint` that is `key` fits the URI: the number of its URI
// parameters when the URI has them all (RFC 3261 19.1.4), else -1.
int CountSharedParameters(const Endpoint& endpoint, absl::string_view key,
                          const sip::UriView& uri) {
  int best = -1;
  const auto consider = [&](absl::string_view owned) {
    const sip::UriView view = sip::ParseUri(owned);
    if (sip::AddressOfRecord(view).text() != key) return;
    int count = 0;
    sip::ParameterIterator parameters(view.parameters);
    for (sip::Parameter parameter; parameters.Next(&parameter); ++count) {
      sip::Parameter same;
      if (!uri.FindParameter(parameter.name, &same) ||
          !absl::EqualsIgnoreCase(parameter.value, same.value)) {
        return;
      }
    }
    best = std::max(best, count);
  };
  consider(endpoint.address);
  for (const std::string& alias : endpoint.aliases) consider(alias);
  return best;
}

// The one for which score() is highest and not negative; null when none is or several are.
template <typename Score>
EndpointDirectory::EntryPointer OnlyBest(const EndpointDirectory::Entries& entries, Score score) {
  EndpointDirectory::EntryPointer best;
  int best_score = -1;
  for (const EndpointDirectory::EntryPointer& entry : entries) {
    const int its_score = score(*entry->endpoint);
    if (its_score < 0 || its_score < best_score) continue;
    best = its_score == best_score ? nullptr : entry;
    best_score = its_score;
  }
  return best;
}

// Of several owners of one address: by epid, then by URI parameters; null when neither tells.
EndpointDirectory::EntryPointer Choose(const EndpointDirectory::Entries& entries,
                                       absl::string_view key, const sip::UriView& uri,
                                       absl::string_view wanted, std::vector<std::string>* steps) {
  if (entries.size() == 1) return entries.front();
  EndpointDirectory::EntryPointer chosen;
  if (!wanted.empty()) {
    chosen = OnlyBest(entries, [wanted](const Endpoint& endpoint) {
      return absl::EqualsIgnoreCase(endpoint.endpoint_id, wanted) ? 0 : -1;
    });
    if (chosen != nullptr) {
      if (steps != nullptr) Note(steps, absl::StrCat("  chosen by the epid \"", wanted, "\""));
      return chosen;
    }
  }
  chosen = OnlyBest(
      entries, [&](const Endpoint& endpoint) { return CountSharedParameters(endpoint, key, uri); });
  if (steps != nullptr) {
    Note(steps, chosen != nullptr
                    ? "  chosen by the URI parameters"
                    : "  neither epid nor URI parameters tell them apart: not decided");
  }
  return chosen;
}

EndpointDirectory::EntryPointer FindOwner(absl::string_view what, const sip::UriView& uri,
                                          const EndpointDirectory& directory,
                                          absl::string_view wanted,
                                          std::vector<std::string>* steps) {
  if (!uri.ok()) {
    if (steps != nullptr) {
      Note(steps, absl::StrCat("step 4: the ", what, " is not a URI we know: ", uri.fault));
    }
    return nullptr;
  }
  const sip::AddressOfRecord address(uri);
  const bool is_host_only = address.host() == address.text();
  for (absl::string_view key :
       {address.text(), is_host_only ? absl::string_view() : address.host()}) {
    if (key.empty()) continue;
    const EndpointDirectory::Entries* entries = directory.FindByAddress(key);
    if (steps != nullptr) {
      Note(steps, absl::StrCat("step 4: ", what, " \"", key, "\" is owned by ",
                               entries == nullptr ? 0 : entries->size(), " endpoint(s)"));
    }
    if (entries == nullptr) continue;
    if (auto entry = Choose(*entries, key, uri, wanted, steps); entry != nullptr) return entry;
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
  if (request.max_forwards() == 0 && directory.size() > 0) return Situation::kTooManyHops;
  if (policy.profile == DispatchProfile::kRfc) return Situation::kNotFound;
  return directory.size() == 0 ? Situation::kNoEndpoint : Situation::kNothingMatches;
}

}  // namespace

DispatchDecision Dispatch(const sip::MessageView& request, const EndpointDirectory& directory,
                          const DispatchPolicy& policy, std::vector<std::string>* steps) {
  if (directory.size() > 0) {
    const sip::UriView request_uri = sip::ParseUri(request.request_uri());
    const absl::string_view wanted = WantedEndpointId(request, request_uri);
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
    if (steps != nullptr) {
      Note(steps, absl::StrCat("step 5: strict, but ", directory.peer_to_peer_count(),
                               " peer-to-peer endpoints, not one"));
    }
  }
  if (!policy.default_endpoint_id.empty()) {
    auto entry = directory.FindById(policy.default_endpoint_id);
    if (steps != nullptr) {
      Note(steps, absl::StrCat("step 6: the default endpoint \"", policy.default_endpoint_id, "\"",
                               entry == nullptr ? " does not exist on this manager" : ""));
    }
    if (entry != nullptr) return Decided(DispatchReason::kDefaultEndpoint, std::move(entry));
  }
  DispatchDecision decision;
  decision.situation = NothingMatched(request, directory, policy);
  Note(steps, "step 7: nothing matches: an automatic answer");
  return decision;
}

}  // namespace sipcm::dispatch
