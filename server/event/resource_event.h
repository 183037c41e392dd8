#ifndef SIPCM_SERVER_EVENT_RESOURCE_EVENT_H_
#define SIPCM_SERVER_EVENT_RESOURCE_EVENT_H_

#include <string>

#include "proto/sipcm/v1/event.pb.h"

namespace sipcm::server {

// An event about the object, under its name, without time and sequence. An empty `explanation`:
// one that follows from the kind.
sipcm::v1::Event MakeEvent(sipcm::v1::Event::Kind kind, sipcm::v1::ConnectionManager manager,
                           std::string explanation = "");
sipcm::v1::Event MakeEvent(sipcm::v1::Event::Kind kind, sipcm::v1::Endpoint endpoint,
                           std::string explanation = "");
// Never with its key: what catalogues keep has none.
sipcm::v1::Event MakeEvent(sipcm::v1::Event::Kind kind, sipcm::v1::Certificate certificate,
                           std::string explanation = "");
sipcm::v1::Event MakeEvent(sipcm::v1::Event::Kind kind, sipcm::v1::TrustBundle bundle,
                           std::string explanation = "");
// SERVER_STATE.
sipcm::v1::Event MakeServerEvent(std::string explanation);

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_EVENT_RESOURCE_EVENT_H_
