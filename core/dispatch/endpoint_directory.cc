#include "core/dispatch/endpoint_directory.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/dispatch/contact_context.h"
#include "core/sip/address_of_record.h"
#include "core/sip/gruu.h"
#include "core/sip/uri.h"

namespace sipcm::dispatch {
namespace {

template <typename Strings>
void AddOnce(std::string text, Strings* strings) {
  if (std::find(strings->begin(), strings->end(), text) == strings->end()) {
    strings->push_back(std::move(text));
  }
}

using KeyTexts = absl::InlinedVector<std::string, 2>;
using Entries = EndpointDirectory::Entries;

void Add(const std::string& key, const EndpointDirectory::EntryPointer& entry,
         SnapshotMap<Entries>* map) {
  map->Change(key, [&](auto& shard) { shard[key].push_back(entry); });
}

void TakeOut(const std::string& key, const std::string& id, SnapshotMap<Entries>* map) {
  map->Change(key, [&](auto& shard) {
    Entries& entries = shard[key];
    entries.erase(std::remove_if(entries.begin(), entries.end(),
                                 [&](const auto& other) { return other->endpoint->id == id; }),
                  entries.end());
    if (entries.empty()) shard.erase(key);
  });
}

absl::Status Taken(const Endpoint& endpoint, const Endpoint& owner, absl::string_view field,
                   absl::string_view what, absl::string_view remedy) {
  return WithField(MakeError(absl::StatusCode::kAlreadyExists, "ENDPOINT_ADDRESS_TAKEN",
                             absl::StrCat("endpoint \"", endpoint.id, "\": ", what,
                                          " belongs to \"endpoints/", owner.id, "\"; ", remedy)),
                   field);
}

}  // namespace

struct EndpointDirectory::Keys {
  KeyTexts addresses;  // its own first
  KeyTexts gruus;      // those that it names first
  size_t named_gruu_count = 0;
  KeyTexts contexts;

  static absl::StatusOr<Keys> Of(const Endpoint& endpoint);
};

absl::StatusOr<EndpointDirectory::Keys> EndpointDirectory::Keys::Of(const Endpoint& endpoint) {
  Keys keys;
  absl::StatusOr<std::string> address = CanonicalAddress(endpoint.address);
  if (!address.ok()) return InvalidField("address", address.status().message());
  keys.addresses.push_back(*address);
  for (size_t i = 0; i < endpoint.aliases.size(); ++i) {
    absl::StatusOr<std::string> alias = CanonicalAddress(endpoint.aliases[i]);
    if (!alias.ok()) {
      return InvalidField(absl::StrCat("aliases[", i, "]"), alias.status().message());
    }
    AddOnce(*std::move(alias), &keys.addresses);
  }
  for (const std::string& uri : endpoint.gruus) {
    const sip::Gruu gruu(sip::ParseUri(uri));
    if (gruu.empty()) {
      return InvalidField("gruu", absl::StrCat("\"", uri, "\" is not a GRUU like ",
                                               "\"sip:alice@example.com;gr=urn:uuid:...\""));
    }
    AddOnce(std::string(gruu.text()), &keys.gruus);
  }
  keys.named_gruu_count = keys.gruus.size();
  const ContextKey epid = ContextKey::OfEndpointId(endpoint.endpoint_id);
  if (!epid.empty()) {
    AddOnce(absl::StrCat(*address, ";opaque=user:epid:", epid.text(), ";gruu"), &keys.gruus);
    keys.contexts.emplace_back(epid.text());
  }
  const ContextKey instance = ContextKey::OfInstance(
      endpoint.registration == nullptr ? "" : endpoint.registration->instance_id);
  if (!instance.empty()) {
    AddOnce(absl::StrCat(*address, ";gr=", instance.text()), &keys.gruus);
    keys.contexts.emplace_back(instance.text());
  }
  return keys;
}

absl::StatusOr<std::string> CanonicalAddress(absl::string_view uri) {
  const sip::UriView view = sip::ParseUri(uri);
  if (!view.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("\"", uri, "\" is not a URI (", view.fault,
                                                   "); write one like \"sip:alice@example.com\""));
  }
  if (view.scheme == sip::UriScheme::kOther) {
    return absl::InvalidArgumentError(absl::StrCat("\"", uri, "\" has the scheme \"",
                                                   view.scheme_name,
                                                   "\"; use \"sip:\", \"sips:\" or \"tel:\""));
  }
  return std::string(sip::AddressOfRecord(view).text());
}

std::shared_ptr<const EndpointDirectory> EndpointDirectory::Empty() {
  return std::make_shared<const EndpointDirectory>();
}

absl::Status EndpointDirectory::CheckFree(const Endpoint& endpoint, const Keys& keys) const {
  if (const Entries* same = FindByAddress(keys.addresses.front()); same != nullptr) {
    for (const EntryPointer& other : *same) {
      absl::StatusOr<std::string> other_address = CanonicalAddress(other->endpoint->address);
      if (other->endpoint->id == endpoint.id || !other_address.ok() ||
          *other_address != keys.addresses.front() ||
          !absl::EqualsIgnoreCase(other->endpoint->endpoint_id, endpoint.endpoint_id)) {
        continue;
      }
      return Taken(endpoint, *other->endpoint, "address",
                   absl::StrCat("the address \"", endpoint.address, "\" with endpoint_id \"",
                                endpoint.endpoint_id, "\""),
                   "use another address, or give each its own endpoint_id");
    }
  }
  for (size_t i = 0; i < keys.named_gruu_count; ++i) {
    const Entries* same = FindByGruu(keys.gruus[i]);
    if (same == nullptr || same->front()->endpoint->id == endpoint.id) continue;
    return Taken(endpoint, *same->front()->endpoint, "gruu",
                 absl::StrCat("the GRUU \"", keys.gruus[i], "\""),
                 "a GRUU names one endpoint only");
  }
  return absl::OkStatus();
}

absl::Status EndpointDirectory::Put(Entry entry) {
  SIPCM_ASSIGN_OR_RETURN(const Keys keys, Keys::Of(*entry.endpoint));
  SIPCM_RETURN_IF_ERROR(CheckFree(*entry.endpoint, keys));
  Remove(entry.endpoint->id);
  Insert(std::make_shared<const Entry>(std::move(entry)), keys);
  return absl::OkStatus();
}

void EndpointDirectory::Remove(absl::string_view id) {
  if (const EntryPointer old = FindById(id); old != nullptr) Erase(*old);
}

void EndpointDirectory::Insert(const EntryPointer& entry, const Keys& keys) {
  for (const std::string& key : keys.addresses) Add(key, entry, &by_address_);
  for (const std::string& key : keys.gruus) Add(key, entry, &by_gruu_);
  for (const std::string& key : keys.contexts) Add(key, entry, &by_context_);
  const std::string& id = entry->endpoint->id;
  by_id_.Change(id, [&](auto& shard) { shard[id] = entry; });
  ++size_;
  if (entry->endpoint->kind == EndpointKind::kPeerToPeer) {
    only_peer_to_peer_ = ++peer_to_peer_count_ == 1 ? entry : nullptr;
  }
}

void EndpointDirectory::Erase(const Entry& entry) {
  // `entry` may be what only the shards below keep alive.
  const std::shared_ptr<const Endpoint> endpoint = entry.endpoint;
  const absl::StatusOr<Keys> keys = Keys::Of(*endpoint);
  for (const std::string& key : keys->addresses) TakeOut(key, endpoint->id, &by_address_);
  for (const std::string& key : keys->gruus) TakeOut(key, endpoint->id, &by_gruu_);
  for (const std::string& key : keys->contexts) TakeOut(key, endpoint->id, &by_context_);
  by_id_.Change(endpoint->id, [&](auto& shard) { shard.erase(endpoint->id); });
  --size_;
  if (endpoint->kind == EndpointKind::kPeerToPeer) {
    only_peer_to_peer_ = --peer_to_peer_count_ == 1 ? FindOnlyPeerToPeer() : nullptr;
  }
}

const EndpointDirectory::Entries* EndpointDirectory::FindByAddress(
    absl::string_view canonical) const {
  return by_address_.Find(canonical);
}

EndpointDirectory::EntryPointer EndpointDirectory::FindById(absl::string_view id) const {
  const EntryPointer* found = by_id_.Find(id);
  return found == nullptr ? nullptr : *found;
}

EndpointDirectory::EntryPointer EndpointDirectory::FindOnlyPeerToPeer() const {
  EntryPointer only;
  by_id_.ForEach([&](const std::string&, const EntryPointer& entry) {
    if (entry->endpoint->kind == EndpointKind::kPeerToPeer) only = entry;
  });
  return only;
}

}  // namespace sipcm::dispatch
