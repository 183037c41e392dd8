#ifndef SIPCM_CORE_NET_LOCATION_SERVICE_ORDER_H_
#define SIPCM_CORE_NET_LOCATION_SERVICE_ORDER_H_

#include <string>
#include <vector>

#include "core/base/random_source.h"
#include "core/net/dns/dns_records.h"
#include "core/net/location/service_target.h"

namespace sipcm::net {

// The decisions of RFC 3263 4.2 over records that are there. Pure, but for the dice given.

// "_sip._tcp.example.com": where SRV records are when no NAPTR record says otherwise.
std::string ServiceNameOf(const ServiceQuery& query);

// Where the best fitting NAPTR record leads (RFC 3263 4.1: SIP+D2T or SIPS+D2T, flag "s", lowest
// order, then preference); empty: none fits.
std::string ReplacementOf(const std::vector<PointerRecord>& pointers,
                          ServiceQuery::Service service);

// In the order to try them: by priority; within one priority drawn by weight (RFC 2782), so that of
// many clients each target gets its share. Records without a target are left out.
std::vector<ServiceRecord> OrderServices(std::vector<ServiceRecord> services, RandomSource* random);

// By turns of the two families, beginning with that of the first (RFC 8305 4).
std::vector<IpAddress> InterleaveFamilies(const std::vector<IpAddress>& addresses);

}  // namespace sipcm::net

#endif  // SIPCM_CORE_NET_LOCATION_SERVICE_ORDER_H_
