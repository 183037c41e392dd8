#include "server/event/object_class.h"

namespace sipcm::server {

using sipcm::v1::Event;

ObjectClass ClassOf(Event::Kind kind) {
  switch (kind) {
    case Event::CONNECTION_MANAGER_ADDED:
    case Event::CONNECTION_MANAGER_CHANGED:
    case Event::CONNECTION_MANAGER_STATE:
    case Event::CONNECTION_MANAGER_REMOVED:
      return ObjectClass::kManager;
    case Event::POOL_ADDED:
    case Event::POOL_CHANGED:
    case Event::POOL_REMOVED:
    case Event::TARGET_HEALTH:
      return ObjectClass::kPool;
    case Event::CONNECTION_OPENED:
    case Event::CONNECTION_AUTHORIZED:
    case Event::CONNECTION_ESTABLISHED:
    case Event::CONNECTION_CLOSED:
      return ObjectClass::kConnection;
    case Event::ENDPOINT_ADDED:
    case Event::ENDPOINT_CHANGED:
    case Event::ENDPOINT_STATE:
    case Event::ENDPOINT_REMOVED:
      return ObjectClass::kEndpoint;
    case Event::CERTIFICATE_ADDED:
    case Event::CERTIFICATE_ROTATED:
    case Event::CERTIFICATE_EXPIRING:
    case Event::CERTIFICATE_RELOAD_FAILED:
    case Event::CERTIFICATE_REMOVED:
      return ObjectClass::kCertificate;
    case Event::TRUST_BUNDLE_ADDED:
    case Event::TRUST_BUNDLE_CHANGED:
    case Event::TRUST_BUNDLE_EXPIRING:
    case Event::TRUST_BUNDLE_RELOAD_FAILED:
    case Event::TRUST_BUNDLE_REMOVED:
      return ObjectClass::kTrustBundle;
    default:
      return ObjectClass::kNone;
  }
}

ObjectClass ClassOfObject(const Event& event) {
  switch (event.object_case()) {
    case Event::kConnectionManager:
      return ObjectClass::kManager;
    case Event::kConnectionPool:
      return ObjectClass::kPool;
    case Event::kConnection:
      return ObjectClass::kConnection;
    case Event::kEndpoint:
      return ObjectClass::kEndpoint;
    case Event::kCertificate:
      return ObjectClass::kCertificate;
    case Event::kTrustBundle:
      return ObjectClass::kTrustBundle;
    default:
      return ObjectClass::kNone;
  }
}

bool IsThrottled(const Event& event) {
  return event.connection().throttled() || event.connection().client_throttled() ||
         event.connection_manager().statistics().message_throttled();
}

bool IsRemoval(const Event& event) {
  switch (event.kind()) {
    case Event::CONNECTION_MANAGER_REMOVED:
    case Event::CONNECTION_CLOSED:
    case Event::CONNECTION_FAILED:
    case Event::ENDPOINT_REMOVED:
    case Event::CERTIFICATE_REMOVED:
    case Event::TRUST_BUNDLE_REMOVED:
      return true;
    case Event::POOL_REMOVED:
      // Its settings may stay.
      return event.connection_pool().state() != sipcm::v1::ConnectionPool::CONFIGURED;
    default:
      return false;
  }
}

}  // namespace sipcm::server
