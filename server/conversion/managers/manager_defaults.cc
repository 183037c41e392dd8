#include "server/conversion/managers/manager_defaults.h"

#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/status_macros.h"
#include "core/sip/uri.h"
#include "core/tls/allowed_domain_pattern.h"
#include "core/tls/extended_key_usage.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "server/conversion/address_conversion.h"
#include "server/conversion/limits_conversion.h"
#include "server/store/resource_name.h"
#include "server/validation/field_checks.h"
#include "server/validation/refusal.h"

namespace sipcm::server {
namespace {

constexpr int kMaxAdditionalCertificates = 64;

using google::protobuf::FieldDescriptor;
using google::protobuf::Reflection;
using sipcm::v1::ConnectionManager;

constexpr int kMaxListenAddresses = 16;
constexpr int kMaxKeyUsages = 32;

// The durations of a manager, all by one rule.
struct Timer {
  const char* field;
  int64_t default_seconds;
  ZeroMeaning zero;
  absl::Duration most;
};
constexpr absl::Duration kHour = absl::Hours(1);
constexpr absl::Duration kYear = absl::Hours(24 * 365);
constexpr Timer kTimers[] = {
    {"default_incoming_connection_timeout", 900, ZeroMeaning::kNever, kYear},
    {"default_outgoing_connection_timeout", 900, ZeroMeaning::kNever, kYear},
    {"first_message_timeout", 60, ZeroMeaning::kNoException, kHour},
    {"handshake_timeout", 5, ZeroMeaning::kNoException, kHour},
    {"connect_timeout", 4, ZeroMeaning::kNoException, kHour},
    {"partial_message_timeout", 10, ZeroMeaning::kNoException, kHour},
    {"write_stall_timeout", 10, ZeroMeaning::kNoException, kHour},
    {"ping_interval", 30, ZeroMeaning::kNever, kHour},
    {"pong_timeout", 10, ZeroMeaning::kNoException, kHour},
    {"connection_wait_timeout", 5, ZeroMeaning::kNoException, kHour},
    {"answer_timeout", 8, ZeroMeaning::kNoException, kHour},
    {"invite_answer_timeout", 30, ZeroMeaning::kNoException, kHour},
    {"response_timeout", 32, ZeroMeaning::kNoException, kHour},
};

absl::Status NormalizeTimers(ConnectionManager* manager) {
  const Reflection* reflection = manager->GetReflection();
  for (const Timer& timer : kTimers) {
    const FieldDescriptor* field = manager->GetDescriptor()->FindFieldByName(timer.field);
    const bool given = reflection->HasField(*manager, field);
    auto* value =
        static_cast<google::protobuf::Duration*>(reflection->MutableMessage(manager, field));
    if (!given) {
      value->set_seconds(timer.default_seconds);
      continue;
    }
    // An idle limit may be as short as a caller likes; the others have a floor.
    const absl::Duration least =
        timer.most == kYear ? absl::ZeroDuration() : absl::Milliseconds(100);
    absl::StatusOr<absl::Duration> checked =
        CheckDuration(*value, least, timer.most, timer.zero, timer.field);
    if (!checked.ok()) return checked.status();
  }
  return absl::OkStatus();
}

absl::Status CheckListenAddresses(const ConnectionManager& manager) {
  const int count = manager.listen_addresses_size();
  if (count > 0 && manager.kind() == ConnectionManager::CLIENT) {
    return BadField("CONFLICTING_FIELDS", "listen_addresses",
                    "a CLIENT manager never listens; leave them out, or choose another kind");
  }
  SIPCM_RETURN_IF_ERROR(CheckCount(count, kMaxListenAddresses, "entries", "listen_addresses"));
  absl::flat_hash_set<std::string> seen;
  for (int i = 0; i < count; ++i) {
    const std::string field = absl::StrCat("listen_addresses[", i, "]");
    SIPCM_ASSIGN_OR_RETURN(const net::SocketAddress address,
                           FromProto(manager.listen_addresses(i), field));
    if ((address.port == 0) != (manager.listen_addresses(0).port() == 0)) {
      return BadField("CONFLICTING_FIELDS", absl::StrCat(field, ".port"),
                      "either all ports are 0 (the system chooses one for all), or none is");
    }
    if (!seen.insert(address.ToString()).second) {
      return BadField("CONFLICTING_FIELDS", field,
                      absl::StrCat("\"", address.ToString(), "\" is there twice"));
    }
  }
  return absl::OkStatus();
}

absl::Status NormalizeEnums(ConnectionManager* manager) {
  using M = ConnectionManager;
  SIPCM_RETURN_IF_ERROR(CheckRequiredEnum(manager->kind(), M::Kind_descriptor(), "kind"));
  SIPCM_RETURN_IF_ERROR(CheckEnum(manager->mutual_tls(), M::MutualTls_descriptor(), "mutual_tls"));
  SIPCM_RETURN_IF_ERROR(CheckEnum(manager->name_check(), M::NameCheck_descriptor(), "name_check"));
  SIPCM_RETURN_IF_ERROR(CheckEnum(manager->sharing(), M::SharingPolicy_descriptor(), "sharing"));
  SIPCM_RETURN_IF_ERROR(
      CheckEnum(manager->dispatch_profile(), M::DispatchProfile_descriptor(), "dispatch_profile"));
  SIPCM_RETURN_IF_ERROR(CheckEnum(manager->default_selection(),
                                  sipcm::v1::ConnectionPool::SelectionPolicy_descriptor(),
                                  "default_selection"));
  const bool tls = manager->kind() == M::SERVER_TLS;
  if (manager->mutual_tls() == M::MUTUAL_TLS_UNSPECIFIED) {
    manager->set_mutual_tls(M::OFF);
  }
  if (!tls && manager->mutual_tls() != M::OFF) {
    return BadField("CONFLICTING_FIELDS", "mutual_tls",
                    "only a SERVER_TLS manager has it; leave it out, or set kind to SERVER_TLS");
  }
  if (manager->name_check() == M::NAME_CHECK_UNSPECIFIED) {
    manager->set_name_check(M::SUBJECT_AND_ALTERNATIVE);
  }
  const bool client = manager->kind() == M::CLIENT;
  if (manager->sharing() == M::SHARING_POLICY_UNSPECIFIED) {
    manager->set_sharing(client ? M::DEDICATED : M::POOLED);
  }
  if (!client && manager->sharing() == M::DEDICATED) {
    return BadField("CONFLICTING_FIELDS", "sharing",
                    "DEDICATED is for CLIENT managers; for one connection per request set "
                    "default_max_connection_count to 2147483647");
  }
  if (manager->dispatch_profile() == M::DISPATCH_PROFILE_UNSPECIFIED) {
    manager->set_dispatch_profile(M::UCMA);
  }
  if (manager->default_selection() == sipcm::v1::ConnectionPool::SELECTION_POLICY_UNSPECIFIED) {
    manager->set_default_selection(sipcm::v1::ConnectionPool::GROW_FIRST);
  }
  return absl::OkStatus();
}

absl::Status CheckCertificates(const ConnectionManager& manager) {
  const auto& additional = manager.additional_certificates();
  if (!additional.empty() && manager.kind() != ConnectionManager::SERVER_TLS) {
    return BadField("CONFLICTING_FIELDS", "additional_certificates",
                    "are for SERVER_TLS managers, which choose by the name that a client asks for");
  }
  SIPCM_RETURN_IF_ERROR(CheckCount(additional.size(), kMaxAdditionalCertificates, "entries",
                                   "additional_certificates"));
  absl::flat_hash_set<std::string> seen = {manager.certificate()};
  for (int i = 0; i < additional.size(); ++i) {
    const std::string field = absl::StrCat("additional_certificates[", i, "]");
    SIPCM_RETURN_IF_ERROR(ParseName(additional[i], kCertificates, field).status());
    if (!seen.insert(additional[i]).second) {
      return BadField("CONFLICTING_FIELDS", field,
                      absl::StrCat("\"", additional[i], "\" is named twice"));
    }
  }
  if (manager.certificate().empty()) return absl::OkStatus();
  if (manager.kind() == ConnectionManager::SERVER_TCP) {
    return BadField("CONFLICTING_FIELDS", "certificate",
                    "a SERVER_TCP manager presents none; leave it out, or choose SERVER_TLS");
  }
  return ParseName(manager.certificate(), kCertificates, "certificate").status();
}

absl::Status CheckNames(const ConnectionManager& manager) {
  SIPCM_RETURN_IF_ERROR(CheckText(manager.display_name(), 128, "display_name"));
  if (!manager.local_host_name().empty() &&
      sip::ClassifyHost(manager.local_host_name()) == sip::HostKind::kNone) {
    return BadField("INVALID_FIELD", "local_host_name",
                    absl::StrCat("\"", absl::Utf8SafeCEscape(manager.local_host_name()),
                                 "\" is not a host name or an IP address"));
  }
  if (!manager.default_endpoint().empty()) {
    SIPCM_RETURN_IF_ERROR(
        ParseName(manager.default_endpoint(), kEndpoints, "default_endpoint").status());
  }
  if (!manager.trust_bundle().empty()) {
    SIPCM_RETURN_IF_ERROR(
        ParseName(manager.trust_bundle(), kTrustBundles, "trust_bundle").status());
  }
  return CheckCertificates(manager);
}

using AllowedDomains = google::protobuf::RepeatedPtrField<sipcm::v1::AllowedDomain>;

bool HasExpired(const sipcm::v1::AllowedDomain& domain, absl::Time now) {
  return domain.has_expire_time() && FromTimestamp(domain.expire_time()) <= now;
}

// Not the last entries of a list: an empty one may mean everybody, which no clock may decide.
void DropExpired(absl::Time now, AllowedDomains* domains) {
  AllowedDomains left;
  for (const sipcm::v1::AllowedDomain& domain : *domains) {
    if (!HasExpired(domain, now)) *left.Add() = domain;
  }
  if (!left.empty()) domains->Swap(&left);
}

absl::Status NormalizeAllowedDomains(absl::Time now, ConnectionManager* manager) {
  AllowedDomains kept;
  absl::flat_hash_map<std::string, int> places;  // in `kept`, by pattern
  for (int i = 0; i < manager->allowed_domains_size(); ++i) {
    sipcm::v1::AllowedDomain domain = manager->allowed_domains(i);
    if (domain.origin() == sipcm::v1::AllowedDomain::AUTO) continue;
    const std::string field = absl::StrCat("allowed_domains[", i, "]");
    SIPCM_RETURN_IF_ERROR(WithFieldPrefix(NormalizeAllowedDomain(&domain), field));
    const auto [place, is_new] = places.try_emplace(domain.pattern(), kept.size());
    if (is_new) {
      *kept.Add() = std::move(domain);
    } else if (HasExpired(kept[place->second], now)) {
      kept[place->second] = std::move(domain);  // the place of one that has ended
    } else if (!HasExpired(domain, now)) {
      return BadField("CONFLICTING_FIELDS", absl::StrCat(field, ".pattern"),
                      absl::StrCat("\"", domain.pattern(), "\" is in the list twice"));
    }
  }
  DropExpired(now, &kept);
  manager->mutable_allowed_domains()->Swap(&kept);
  if (manager->allowed_domains_size() == 0 && !manager->allow_any_domain()) {
    return BadField("ALLOWED_DOMAINS_WOULD_BE_EMPTY", "allowed_domains",
                    "an empty list would let in everyone with a valid certificate; list the "
                    "domains, or set allow_any_domain to true if that is what you want");
  }
  const int most = manager->limits().max_allowed_domain_count();
  if (manager->allowed_domains_size() <= most) return absl::OkStatus();
  return WithField(
      MakeError(absl::StatusCode::kResourceExhausted, "RESOURCE_LIMIT",
                absl::StrCat("allowed_domains: ", manager->allowed_domains_size(),
                             " entries are more than limits.max_allowed_domain_count (", most,
                             "); raise it")),
      "allowed_domains");
}

absl::Status NormalizeKeyUsage(ConnectionManager* manager) {
  if (!manager->has_extended_key_usage()) return absl::OkStatus();
  using Policy = sipcm::v1::ExtendedKeyUsagePolicy;
  Policy* policy = manager->mutable_extended_key_usage();
  SIPCM_RETURN_IF_ERROR(
      CheckCount(policy->required_size(), kMaxKeyUsages, "entries", "extended_key_usage.required"));
  SIPCM_RETURN_IF_ERROR(
      CheckEnum(policy->match(), Policy::Match_descriptor(), "extended_key_usage.match"));
  if (policy->match() == Policy::MATCH_UNSPECIFIED) policy->set_match(Policy::ALL);
  const std::vector<std::string> required(policy->required().begin(), policy->required().end());
  return WithFieldPrefix(tls::ExtendedKeyUsagePolicy::Create(
                             required, tls::ExtendedKeyUsagePolicy::Match::kAll,
                             tls::ExtendedKeyUsagePolicy::Strictness::kAnyUsageSatisfies)
                             .status(),
                         "extended_key_usage");
}

absl::Status NormalizePools(ConnectionManager* manager) {
  if (!manager->has_default_max_connection_count()) manager->set_default_max_connection_count(5);
  SIPCM_RETURN_IF_ERROR(CheckRange(manager->default_max_connection_count(), 1, 2147483647,
                                   "default_max_connection_count"));
  SIPCM_RETURN_IF_ERROR(CheckRange(manager->default_min_connection_count(), 0,
                                   manager->default_max_connection_count(),
                                   "default_min_connection_count"));
  manager->set_default_min_connection_count(manager->default_min_connection_count());
  if (!manager->has_auto_allow_outgoing_hosts()) manager->set_auto_allow_outgoing_hosts(true);
  return absl::OkStatus();
}

}  // namespace

absl::Status NormalizeAllowedDomain(sipcm::v1::AllowedDomain* domain) {
  if (domain->pattern().empty()) {
    return MissingField("pattern", "like \"sip.contoso.com\" or \".contoso.com\"");
  }
  absl::StatusOr<tls::AllowedDomainPattern> pattern =
      tls::AllowedDomainPattern::Parse(domain->pattern());
  if (!pattern.ok()) {
    return WithField(MakeError(absl::StatusCode::kInvalidArgument, "INVALID_DOMAIN_PATTERN",
                               pattern.status().message()),
                     "pattern");
  }
  domain->set_pattern(pattern->text());
  domain->set_origin(sipcm::v1::AllowedDomain::CONFIGURED);
  if (domain->trust_bundle().empty()) return absl::OkStatus();
  return ParseName(domain->trust_bundle(), kTrustBundles, "trust_bundle").status();
}

absl::Status NormalizeManager(absl::Time now, ConnectionManager* manager) {
  SIPCM_RETURN_IF_ERROR(NormalizeEnums(manager));
  SIPCM_RETURN_IF_ERROR(CheckListenAddresses(*manager));
  SIPCM_RETURN_IF_ERROR(CheckNames(*manager));
  SIPCM_RETURN_IF_ERROR(NormalizeTimers(manager));
  SIPCM_RETURN_IF_ERROR(WithFieldPrefix(NormalizeLimits(manager->mutable_limits()), "limits"));
  SIPCM_RETURN_IF_ERROR(NormalizeAllowedDomains(now, manager));
  SIPCM_RETURN_IF_ERROR(NormalizeKeyUsage(manager));
  if (manager->has_connection_throttling()) {
    SIPCM_RETURN_IF_ERROR(
        NormalizeMarks("connection_throttling", manager->mutable_connection_throttling()));
  }
  if (manager->has_message_throttling()) {
    SIPCM_RETURN_IF_ERROR(
        NormalizeMarks("message_throttling", manager->mutable_message_throttling()));
  }
  return NormalizePools(manager);
}

}  // namespace sipcm::server
