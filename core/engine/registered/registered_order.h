#ifndef SIPCM_CORE_ENGINE_REGISTERED_REGISTERED_ORDER_H_
#define SIPCM_CORE_ENGINE_REGISTERED_REGISTERED_ORDER_H_

#include "core/engine/message_order.h"
#include "core/registration/registration_status.h"

namespace sipcm::engine {

// Adds to a request of a REGISTERED endpoint what its registration gave it, unless the application
// gave its own: outside a dialog the service route as its Routes (RFC 3608 6.1); where it may start
// one the endpoint's GRUU as its Contact (RFC 5627 4.4), or else what is registered (RFC 5626 4.3).
// A raw request stays as it is, and one in a dialog that is named: the dialog says its own. Pure.
void AddRegistration(const registration::RegistrationStatus& status, SendOrder* order);

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_REGISTERED_REGISTERED_ORDER_H_
