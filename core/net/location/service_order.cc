#include "core/net/location/service_order.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sipcm::net {

std::string ServiceNameOf(const ServiceQuery& query) {
  const bool is_sips = query.service == ServiceQuery::Service::kSips;
  return absl::StrCat(is_sips ? "_sips._tcp." : "_sip._tcp.", query.host);
}

std::string ReplacementOf(const std::vector<PointerRecord>& pointers,
                          ServiceQuery::Service service) {
  const absl::string_view wanted = service == ServiceQuery::Service::kSips ? "SIPS+D2T" : "SIP+D2T";
  const PointerRecord* best = nullptr;
  for (const PointerRecord& pointer : pointers) {
    if (!absl::EqualsIgnoreCase(pointer.service, wanted) ||
        !absl::EqualsIgnoreCase(pointer.flags, "s") || pointer.replacement.empty()) {
      continue;
    }
    if (best == nullptr ||
        std::tie(pointer.order, pointer.preference) < std::tie(best->order, best->preference)) {
      best = &pointer;
    }
  }
  return best == nullptr ? std::string() : best->replacement;
}

std::vector<ServiceRecord> OrderServices(std::vector<ServiceRecord> services,
                                         RandomSource* random) {
  std::erase_if(services, [](const ServiceRecord& record) { return record.target.empty(); });
  // Those of weight 0 stand first in their priority, so that the draw rarely hits them (RFC 2782).
  std::stable_sort(services.begin(), services.end(),
                   [](const ServiceRecord& a, const ServiceRecord& b) {
                     return std::make_pair(a.priority, a.weight != 0) <
                            std::make_pair(b.priority, b.weight != 0);
                   });
  for (size_t begin = 0; begin < services.size(); ++begin) {
    size_t end = begin;
    uint64_t sum = 0;
    while (end < services.size() && services[end].priority == services[begin].priority) {
      sum += services[end++].weight;
    }
    const uint64_t drawn = random->Next() % (sum + 1);
    size_t chosen = begin;
    for (uint64_t running = services[chosen].weight; running < drawn;) {
      running += services[++chosen].weight;
    }
    // The others keep their order.
    std::rotate(services.begin() + begin, services.begin() + chosen, services.begin() + chosen + 1);
  }
  return services;
}

std::vector<IpAddress> InterleaveFamilies(const std::vector<IpAddress>& addresses) {
  std::vector<IpAddress> first;
  std::vector<IpAddress> second;
  for (const IpAddress& ip : addresses) {
    (ip.family() == addresses.front().family() ? first : second).push_back(ip);
  }
  std::vector<IpAddress> mixed;
  for (size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) mixed.push_back(first[i]);
    if (i < second.size()) mixed.push_back(second[i]);
  }
  return mixed;
}

}  // namespace sipcm::net
