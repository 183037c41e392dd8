#include "core/dispatch/dispatcher.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/dispatch/contact_context.h"
#include "core/sip/address_of_record.h"
#include "core/sip/gruu.h"
#include "core/sip/parameters.h"
#include "core/sip/uri.h"

namespace sipcm::dispatch {
namespace {

using Entries = EndpointDirectory::Entries;
using EntryPointer = EndpointDirectory::EntryPointer;

// Words about the decision, for who asks; for a request that came it costs nothing.
class Trace {
 public:
  explicit Trace(std::vector<DispatchStep>* steps) : steps_(steps) {}

  template <typename... Parts>
  void Say(DispatchReason reason, const Parts&... parts) {
    if (steps_ != nullptr) steps_->push_back({reason, absl::StrCat(parts...)});
  }

 private:
  std::vector<DispatchStep>* const steps_;
};

size_t CountOf(const Entries* entries) { return entries == nullptr ? 0 : entries->size(); }

// --- Step 2 --------------------------------------------------------------------------------------

EntryPointer FindByGruu(const sip::UriView& uri, const EndpointDirectory& directory, Trace& trace) {
  const sip::Gruu gruu(uri);
  if (gruu.empty()) {
    trace.Say(DispatchReason::kGruu, "step 2: the Request-URI is no GRUU");
    return nullptr;
  }
  const Entries* const entries = directory.FindByGruu(gruu.text());
  trace.Say(DispatchReason::kGruu, "step 2: the GRUU \"", gruu.text(), "\" is that of ",
            CountOf(entries), " endpoint(s)");
  return CountOf(entries) == 1 ? entries->front() : nullptr;
}

// --- Step 3 --------------------------------------------------------------------------------------

bool Owns(const Entries& owners, const EntryPointer& entry) {
  return std::find(owners.begin(), owners.end(), entry) != owners.end();
}

// Of those that have this epid or instance: the only one, or the only one that owns the
// Request-URI's address when that has owners. An epid tells the instances of one user apart and
// must not lead to another user.
EntryPointer FindByKey(absl::string_view what, const ContextKey& key, const sip::UriView& uri,
                       const EndpointDirectory& directory, Trace& trace) {
  const Entries* const entries = directory.FindByContext(key.text());
  EntryPointer only;
  size_t count = 0;
  if (entries != nullptr) {
    const Entries* const owners = directory.FindByAddress(sip::AddressOfRecord(uri).text());
    for (const EntryPointer& entry : *entries) {
      if (owners != nullptr && !Owns(*owners, entry)) continue;
      only = entry;
      ++count;
    }
  }
  trace.Say(DispatchReason::kUniqueContext, "step 3: the ", what, " \"", key.text(),
            "\" in the Request-URI is that of ", count, " endpoint(s) that it may mean");
  return count == 1 ? only : nullptr;
}

EntryPointer FindByContext(const Arrival& arrival, const sip::UriView& uri,
                           const EndpointDirectory& directory, Trace& trace) {
  const auto reason = DispatchReason::kUniqueContext;
  if (!arrival.flow_endpoint_id.empty()) {
    EntryPointer entry = directory.FindById(arrival.flow_endpoint_id);
    trace.Say(reason, "step 3: it comes by the connection of the endpoint \"",
              arrival.flow_endpoint_id, "\" alone, to its Contact",
              entry == nullptr ? "; that endpoint is gone" : "");
    if (entry != nullptr) return entry;
  }
  const ContactContext context(uri);
  if (!context.contact.empty()) {
    EntryPointer entry = directory.FindById(context.contact);
    trace.Say(reason, "step 3: the Request-URI is the Contact of \"", context.contact, "\"",
              entry == nullptr ? ", which does not exist on this manager" : "");
    if (entry != nullptr) return entry;
  }
  if (!context.endpoint_id.empty()) {
    const ContextKey key = ContextKey::OfEndpointId(context.endpoint_id);
    EntryPointer entry = FindByKey("epid", key, uri, directory, trace);
    if (entry != nullptr) return entry;
  }
  if (const ContextKey key = ContextKey::OfInstance(context.instance); !key.empty()) {
    return FindByKey("instance", key, uri, directory, trace);
  }
  trace.Say(reason, "step 3: the Request-URI has nothing that an endpoint handed out");
  return nullptr;
}

// --- Step 4 --------------------------------------------------------------------------------------

// The epid that the sender aims at: of the To header, or of the Request-URI (MS-SIPRE 2.2).
absl::string_view WantedEndpointId(const sip::MessageView& request) {
  sip::Parameter parameter;
  if (sip::FindParameter(request.to().parameters, "epid", &parameter)) return parameter.value;
  const sip::UriView uri = sip::ParseUri(request.request_uri());
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
EntryPointer OnlyBest(const Entries& entries, Score score) {
  EntryPointer best;
  int best_score = -1;
  for (const EntryPointer& entry : entries) {
    const int its_score = score(*entry->endpoint);
    if (its_score < 0 || its_score < best_score) continue;
    best = its_score == best_score ? nullptr : entry;
    best_score = its_score;
  }
  return best;
}

// One of the two places where an address stands, and what is said of it.
struct Place {
  DispatchReason reason;
  absl::string_view name;
  sip::UriView uri;
};

// Of several owners of one address: by epid, then by URI parameters; null when neither tells.
EntryPointer Choose(const Entries& entries, absl::string_view key, const Place& place,
                    const sip::MessageView& request, Trace& trace) {
  if (entries.size() == 1) return entries.front();
  if (const absl::string_view wanted = WantedEndpointId(request); !wanted.empty()) {
    EntryPointer chosen = OnlyBest(entries, [wanted](const Endpoint& endpoint) {
      return absl::EqualsIgnoreCase(endpoint.endpoint_id, wanted) ? 0 : -1;
    });
    trace.Say(place.reason, "step 4: the epid \"", wanted,
              chosen != nullptr ? "\" chooses one of them" : "\" chooses none of them");
    if (chosen != nullptr) return chosen;
  }
  EntryPointer chosen = OnlyBest(entries, [&](const Endpoint& endpoint) {
    return CountSharedParameters(endpoint, key, place.uri);
  });
  trace.Say(place.reason, chosen != nullptr
                              ? "step 4: the URI parameters choose one of them"
                              : "step 4: neither epid nor URI parameters tell them apart: not "
                                "decided");
  return chosen;
}

EntryPointer FindOwner(const Place& place, const sip::MessageView& request,
                       const EndpointDirectory& directory, Trace& trace) {
  if (!place.uri.ok()) {
    trace.Say(place.reason, "step 4: the ", place.name, " is not a URI we know: ", place.uri.fault);
    return nullptr;
  }
  const sip::AddressOfRecord address(place.uri);
  const bool is_host_only = address.host() == address.text();
  for (absl::string_view key :
       {address.text(), is_host_only ? absl::string_view() : address.host()}) {
    if (key.empty()) continue;
    const Entries* entries = directory.FindByAddress(key);
    trace.Say(place.reason, "step 4: ", place.name, " \"", key, "\" is owned by ", CountOf(entries),
              " endpoint(s)");
    if (entries == nullptr) continue;
    EntryPointer entry = Choose(*entries, key, place, request, trace);
    if (entry != nullptr) return entry;
  }
  return nullptr;
}

// --- All of them ---------------------------------------------------------------------------------

DispatchDecision Decided(DispatchReason reason, EntryPointer entry) {
  DispatchDecision decision;
  decision.reason = reason;
  decision.entry = std::move(entry);
  return decision;
}

// Steps 2 to 4: what the request says about whom it is for.
DispatchDecision FindAddressee(const Arrival& arrival, const EndpointDirectory& directory,
                               Trace& trace) {
  const sip::MessageView& request = arrival.request;
  Place place{DispatchReason::kRequestUri, "Request-URI", sip::ParseUri(request.request_uri())};
  if (auto entry = FindByGruu(place.uri, directory, trace); entry != nullptr) {
    return Decided(DispatchReason::kGruu, std::move(entry));
  }
  if (auto entry = FindByContext(arrival, place.uri, directory, trace); entry != nullptr) {
    return Decided(DispatchReason::kUniqueContext, std::move(entry));
  }
  if (auto entry = FindOwner(place, request, directory, trace); entry != nullptr) {
    return Decided(DispatchReason::kRequestUri, std::move(entry));
  }
  place = {DispatchReason::kToAddress, "To", sip::ParseUri(request.to().uri)};
  return Decided(DispatchReason::kToAddress, FindOwner(place, request, directory, trace));
}

EntryPointer FindOnlyOne(const EndpointDirectory& directory, Trace& trace) {
  const size_t count = directory.peer_to_peer_count();
  trace.Say(DispatchReason::kStrict, "step 5: strict, ", count == 1 ? "and exactly " : "but ",
            count, " peer-to-peer endpoint(s)");
  return directory.only_peer_to_peer();
}

EntryPointer FindDefault(const std::string& id, const EndpointDirectory& directory, Trace& trace) {
  EntryPointer entry = directory.FindById(id);
  trace.Say(DispatchReason::kDefaultEndpoint, "step 6: the default endpoint \"", id, "\"",
            entry == nullptr ? " does not exist on this manager" : "");
  return entry;
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

DispatchDecision Dispatch(const Arrival& arrival, const EndpointDirectory& directory,
                          const DispatchPolicy& policy, std::vector<DispatchStep>* steps) {
  Trace trace(steps);
  if (directory.size() > 0) {
    DispatchDecision decision = FindAddressee(arrival, directory, trace);
    if (decision.entry != nullptr) return decision;
  }
  if (policy.strictness == DispatchStrictness::kStrict) {
    if (auto entry = FindOnlyOne(directory, trace); entry != nullptr) {
      return Decided(DispatchReason::kStrict, std::move(entry));
    }
  }
  if (!policy.default_endpoint_id.empty()) {
    auto entry = FindDefault(policy.default_endpoint_id, directory, trace);
    if (entry != nullptr) return Decided(DispatchReason::kDefaultEndpoint, std::move(entry));
  }
  DispatchDecision decision;
  decision.situation = NothingMatched(arrival.request, directory, policy);
  trace.Say(DispatchReason::kAutomaticAnswer,
            "step 7: an automatic answer: ", ExplanationOf(decision.situation));
  return decision;
}

}  // namespace sipcm::dispatch
