#ifndef SIPCM_CORE_CONNECTION_BYTES_CRLF_PAIRS_H_
#define SIPCM_CORE_CONNECTION_BYTES_CRLF_PAIRS_H_

namespace sipcm::connection {

// What a CRLF between two messages is (RFC 5626 3.5.1): a pair is the peer's ping, a single one the
// answer to ours. The framer pairs them too, but only who sent a ping knows that the answers to two
// of them are no ping. A value.
class CrlfPairs {
 public:
  void NotePingSent() { expects_pong_ = true; }
  // A message came: a CRLF that was left alone stays so.
  void NoteMessage() { has_half_ = false; }
  // True: this one completes a ping, which wants its answer.
  bool Take() {
    if (expects_pong_) {
      expects_pong_ = false;
      return false;
    }
    has_half_ = !has_half_;
    return !has_half_;
  }

 private:
  bool expects_pong_ = false;
  bool has_half_ = false;
};

}  // namespace sipcm::connection

#endif  // SIPCM_CORE_CONNECTION_BYTES_CRLF_PAIRS_H_
