#include "core/dispatch/endpoint_directory.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/sip/address_of_record.h"
#include "core/sip/uri.h"

namespace sipcm::dispatch {
namespace {

absl::StatusOr<absl::InlinedVector<std::string, 2>> CanonicalAddresses(const Endpoint& endpoint) {
  absl::InlinedVector<std::string, 2> addresses;
  absl::StatusOr<std::string> address = CanonicalAddress(endpoint.address);
  if (!address.ok()) return InvalidField("address", address.status().message());
  addresses.push_back(*std::move(address));
  for (size_t i = 0; i < endpoint.aliases.size(); ++i) {
    absl::StatusOr<std::string> alias = CanonicalAddress(endpoint.aliases[i]);
    if (!alias.ok()) {
      return InvalidField(absl::StrCat("aliases[", i, "]"), alias.status().message());
    }
    if (std::find(addresses.begin(), addresses.end(), *alias) == addresses.end()) {
      addresses.push_back(*std::move(alias));
    }
  }
  return addresses;
}

}  // namespace

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

absl::StatusOr<std::shared_ptr<const EndpointDirectory>> EndpointDirectory::With(
    Entry entry) const {
  SIPCM_ASSIGN_OR_RETURN(auto addresses, CanonicalAddresses(*entry.endpoint));
  if (const Entries* same = FindByAddress(addresses.front()); same != nullptr) {
    for (const EntryPointer& other : *same) {
      absl::StatusOr<std::string> other_address = CanonicalAddress(other->endpoint->address);
      if (other->endpoint->id != entry.endpoint->id && other_address.ok() &&
          *other_address == addresses.front() &&
          absl::EqualsIgnoreCase(other->endpoint->endpoint_id, entry.endpoint->endpoint_id)) {
        return WithField(
            MakeError(absl::StatusCode::kAlreadyExists, "ENDPOINT_ADDRESS_TAKEN",
                      absl::StrCat("endpoint \"", entry.endpoint->id, "\": the address \"",
                                   entry.endpoint->address, "\" with endpoint_id \"",
                                   entry.endpoint->endpoint_id, "\" belongs to \"endpoints/",
                                   other->endpoint->id,
                                   "\"; use another address, or give each its own endpoint_id")),
            "address");
      }
    }
  }
  auto next = std::make_shared<EndpointDirectory>(*this);
  if (const EntryPointer old = FindById(entry.endpoint->id); old != nullptr) next->Erase(*old);
  next->Insert(std::make_shared<const Entry>(std::move(entry)), addresses);
  return next;
}

std::shared_ptr<const EndpointDirectory> EndpointDirectory::Without(absl::string_view id) const {
  auto next = std::make_shared<EndpointDirectory>(*this);
  if (const EntryPointer old = FindById(id); old != nullptr) next->Erase(*old);
  return next;
}

void EndpointDirectory::Insert(const EntryPointer& entry,
                               const absl::InlinedVector<std::string, 2>& addresses) {
  for (const std::string& address : addresses) {
    by_address_.Change(address, [&](auto& shard) { shard[address].push_back(entry); });
  }
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
  const auto addresses = CanonicalAddresses(*endpoint);
  for (const std::string& address : *addresses) {
    by_address_.Change(address, [&](auto& shard) {
      Entries& entries = shard[address];
      entries.erase(std::remove_if(entries.begin(), entries.end(),
                                   [&](const EntryPointer& other) {
                                     return other->endpoint->id == endpoint->id;
                                   }),
                    entries.end());
      if (entries.empty()) shard.erase(address);
    });
  }
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
