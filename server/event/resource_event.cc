#include "server/event/resource_event.h"

#include <utility>

namespace sipcm::server {

using sipcm::v1::Event;

namespace {

const char* ExplanationOf(Event::Kind kind) {
  switch (kind) {
    case Event::CONNECTION_MANAGER_ADDED:
      return "the connection manager was created";
    case Event::CONNECTION_MANAGER_CHANGED:
      return "the connection manager's settings changed";
    case Event::CONNECTION_MANAGER_REMOVED:
      return "the connection manager was deleted";
    case Event::ENDPOINT_ADDED:
      return "the endpoint was created";
    case Event::ENDPOINT_CHANGED:
      return "the endpoint's settings changed";
    case Event::ENDPOINT_REMOVED:
      return "the endpoint was deleted";
    case Event::CERTIFICATE_ADDED:
      return "the certificate was created";
    case Event::CERTIFICATE_ROTATED:
      return "the certificate has a new version";
    case Event::CERTIFICATE_REMOVED:
      return "the certificate was deleted";
    case Event::TRUST_BUNDLE_ADDED:
      return "the trust bundle was created";
    case Event::TRUST_BUNDLE_CHANGED:
      return "the trust bundle has a new version";
    case Event::TRUST_BUNDLE_REMOVED:
      return "the trust bundle was deleted";
    default:
      return "";
  }
}

Event Begin(Event::Kind kind, const std::string& name, std::string explanation) {
  Event event;
  event.set_kind(kind);
  event.set_name(name);
  event.set_explanation(explanation.empty() ? ExplanationOf(kind) : std::move(explanation));
  return event;
}

}  // namespace

Event MakeEvent(Event::Kind kind, sipcm::v1::ConnectionManager manager, std::string explanation) {
  Event event = Begin(kind, manager.name(), std::move(explanation));
  *event.mutable_connection_manager() = std::move(manager);
  return event;
}

Event MakeEvent(Event::Kind kind, sipcm::v1::Endpoint endpoint, std::string explanation) {
  Event event = Begin(kind, endpoint.name(), std::move(explanation));
  *event.mutable_endpoint() = std::move(endpoint);
  return event;
}

Event MakeEvent(Event::Kind kind, sipcm::v1::Certificate certificate, std::string explanation) {
  Event event = Begin(kind, certificate.name(), std::move(explanation));
  *event.mutable_certificate() = std::move(certificate);
  return event;
}

Event MakeEvent(Event::Kind kind, sipcm::v1::TrustBundle bundle, std::string explanation) {
  Event event = Begin(kind, bundle.name(), std::move(explanation));
  *event.mutable_trust_bundle() = std::move(bundle);
  return event;
}

Event MakeServerEvent(std::string explanation) {
  return Begin(Event::SERVER_STATE, "server", std::move(explanation));
}

}  // namespace sipcm::server
