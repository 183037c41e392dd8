#ifndef SIPCM_CORE_TLS_OPENSSL_STREAM_BIO_H_
#define SIPCM_CORE_TLS_OPENSSL_STREAM_BIO_H_

#include <array>
#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "core/net/byte_stream.h"

struct bio_st;
struct ssl_st;

namespace sipcm::tls {

// OpenSSL's way to the inner stream: a BIO that reads and writes it directly, without buffers in
// between. What the inner stream does not take at once is kept here until it does: so a record or
// an alert, once made, is never half sent and forgotten. At most one record or one handshake flight
// is kept, since whoever writes asks blocked() first. Belongs to one TlsStream.
class StreamBio {
 public:
  explicit StreamBio(net::ByteStream* inner) : inner_(inner) {}
  StreamBio(const StreamBio&) = delete;
  StreamBio& operator=(const StreamBio&) = delete;

  // From now on `ssl` reads and writes by this, which must outlive it.
  void AttachTo(ssl_st* ssl);

  // Call when the inner stream may have input again. Until then a Read that came short ends input:
  // the stream tells when there is more, and asking at once would cost a system call for nothing.
  void ExpectInput() { drained_ = false; }
  bool drained() const { return drained_; }
  // Sends what was kept, and the inner stream's end after it if that was asked for. True: nothing
  // is left, or it never will be sent (failed()).
  bool Flush();
  // Ends the inner stream's output after what was kept. What OpenSSL writes from then on (an alert
  // about late input) is dropped.
  void CloseWrite();
  // Reads and drops what a refused peer has sent on, within reason, so that closing does not reset
  // the connection before the peer has seen our alert.
  void DropInput();
  bool blocked() const { return !kept_.empty(); }

  bool input_ended() const { return input_ended_; }
  bool failed() const { return failed_; }
  // The first bytes that the peer sent, to say what it is when it does not speak TLS.
  absl::string_view first_bytes() const { return {first_bytes_.data(), first_size_}; }

  // For the BIO's callbacks: like read(2); -1 with *retry set means would block.
  int Read(char* into, int size, bool* retry);
  int Write(const char* bytes, int size);

 private:
  // What a server's handshake ends with (the session's ticket) may wait for the answer to the
  // request that came along with what the client's ended with.
  net::IoResult WriteInner(absl::string_view bytes);

  net::ByteStream* const inner_;
  ssl_st* ssl_ = nullptr;
  std::string kept_;
  std::array<char, 16> first_bytes_{};
  unsigned char first_size_ = 0;
  bool drained_ = false;
  bool closing_ = false;
  bool input_ended_ = false;
  bool failed_ = false;
};

}  // namespace sipcm::tls

#endif  // SIPCM_CORE_TLS_OPENSSL_STREAM_BIO_H_
