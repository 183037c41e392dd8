#include "core/tls/allowed_domains.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/tls/domain_name.h"

namespace sipcm::tls {
namespace {

constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

int LabelCount(absl::string_view name) {
  return 1 + static_cast<int>(std::count(name.begin(), name.end(), '.'));
}

}  // namespace

AllowedDomains::AllowedDomains(std::vector<AllowedDomain> entries) : entries_(std::move(entries)) {
  for (uint32_t i = 0; i < entries_.size(); ++i) {
    const AllowedDomainPattern& pattern = entries_[i].pattern;
    switch (pattern.kind()) {
      case AllowedDomainPattern::Kind::kHost:
        hosts_[pattern.text()].push_back(i);
        break;
      case AllowedDomainPattern::Kind::kSubdomains: {
        const absl::string_view suffix = absl::string_view(pattern.text()).substr(1);
        suffixes_[suffix].push_back(i);
        most_suffix_labels_ = std::max(most_suffix_labels_, LabelCount(suffix));
        break;
      }
      case AllowedDomainPattern::Kind::kIpAddress:
        addresses_[pattern.ip_address()].push_back(i);
        break;
    }
  }
}

const AllowedDomain* AllowedDomains::Find(const AllowedDomainPattern& pattern) const {
  const Positions* positions = nullptr;
  if (pattern.kind() == AllowedDomainPattern::Kind::kIpAddress) {
    const auto found = addresses_.find(pattern.ip_address());
    if (found != addresses_.end()) positions = &found->second;
  } else {
    const bool host = pattern.kind() == AllowedDomainPattern::Kind::kHost;
    const Index& index = host ? hosts_ : suffixes_;
    const auto found = index.find(absl::string_view(pattern.text()).substr(host ? 0 : 1));
    if (found != index.end()) positions = &found->second;
  }
  return positions == nullptr ? nullptr : &entries_[positions->front()];
}

AllowedDomains::Match AllowedDomains::FindFirst(
    const CertificateNames& names, absl::Time now,
    absl::FunctionRef<bool(const AllowedDomain&)> admits) const {
  uint32_t best = kNone;
  size_t best_name = 0;  // domains first, then addresses
  const auto consider = [&](const Positions& positions, size_t name) {
    for (const uint32_t i : positions) {
      if (i >= best) return;
      if (now >= entries_[i].expire_time) continue;
      if (!admits(entries_[i])) continue;
      best = i;
      best_name = name;
      return;
    }
  };
  for (size_t n = 0; n < names.domains.size(); ++n) {
    const absl::string_view name = names.domains[n];
    if (const auto host = hosts_.find(name); host != hosts_.end()) consider(host->second, n);
    // From the right, as many labels as the longest suffix has, always leaving one to the left.
    size_t dot = name.size();
    for (int labels = 0; labels < most_suffix_labels_; ++labels) {
      dot = dot == 0 ? absl::string_view::npos : name.rfind('.', dot - 1);
      if (dot == absl::string_view::npos) break;
      const auto suffix = suffixes_.find(name.substr(dot + 1));
      if (suffix != suffixes_.end()) consider(suffix->second, n);
    }
  }
  for (size_t n = 0; n < names.ip_addresses.size(); ++n) {
    const auto address = addresses_.find(names.ip_addresses[n]);
    if (address != addresses_.end()) consider(address->second, names.domains.size() + n);
  }
  Match match;
  if (best == kNone) return match;
  match.entry = &entries_[best];
  match.name = best_name < names.domains.size()
                   ? names.domains[best_name]
                   : names.ip_addresses[best_name - names.domains.size()].ToString();
  return match;
}

bool AllowedDomains::Covers(absl::string_view host, absl::Time now) const {
  CertificateNames names;
  if (absl::StatusOr<net::IpAddress> address = net::IpAddress::Parse(host); address.ok()) {
    names.ip_addresses.push_back(*address);
  } else if (absl::StatusOr<std::string> name = CanonicalDomainName(host); name.ok()) {
    names.domains.push_back(*std::move(name));
  }
  return FindFirst(names, now, [](const AllowedDomain&) { return true; }).entry != nullptr;
}

}  // namespace sipcm::tls
