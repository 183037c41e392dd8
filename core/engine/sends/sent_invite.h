#ifndef SIPCM_CORE_ENGINE_SENDS_SENT_INVITE_H_
#define SIPCM_CORE_ENGINE_SENDS_SENT_INVITE_H_

#include <string>
#include <utility>

#include "core/connection/connection.h"
#include "core/sip/message_view.h"

namespace sipcm::engine {

// An INVITE of ours as it went out, for what may have to end it. Empty for other requests, and
// while it is on no connection. Thread: the worker's.
class SentInvite {
 public:
  bool empty() const { return text_.empty(); }
  void Keep(std::string text) { text_ = std::move(text); }
  void Forget() { text_.clear(); }
  // For whoever repeats its ACK.
  std::string Take() { return std::move(text_); }

  // Sends its CANCEL, once; a provisional response has come (RFC 3261 9.1). Whether it did now.
  bool Cancel(connection::Connection* connection);
  // Acknowledges a final response of 300 and above (RFC 3261 17.1.1.3).
  void Acknowledge(const sip::MessageView& response, connection::Connection* connection) const;

 private:
  bool Read(const connection::Connection& connection, sip::MessageView* invite) const;

  std::string text_;
  bool is_cancelled_ = false;
};

}  // namespace sipcm::engine

#endif  // SIPCM_CORE_ENGINE_SENDS_SENT_INVITE_H_
