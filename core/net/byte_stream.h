#ifndef SIPCM_CORE_NET_BYTE_STREAM_H_
#define SIPCM_CORE_NET_BYTE_STREAM_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/net/address.h"

namespace sipcm::net {

// What one Read or Write did.
struct IoResult {
  enum class Outcome : unsigned char {
    kDone,        // `bytes` > 0 were moved; fewer than asked is normal
    kWouldBlock,  // nothing now; the listener is told when to try again
    kEnd,         // read only: the peer ended its side in order (FIN; TLS: close_notify)
    kFailed,      // broken: reset, timeout, TLS error, FIN without close_notify; see error()
  };
  Outcome outcome = Outcome::kWouldBlock;
  size_t bytes = 0;
};

// A two-way stream of bytes: TcpStream, TlsStream (a ByteStream over a ByteStream), MemoryStream
// (tests). Pull, not push: the owner reads into a buffer of its own, so that an idle connection
// costs no buffer. Thread: its loop's. Destroying it closes at once (TCP: unread input gives RST);
// no listener call after that, and a listener may destroy the stream from inside any call.
class ByteStream {
 public:
  class Listener {
   public:
    // Once, when bytes can flow: a TLS stream after its handshake and verdict. A stream that
    // is_ready() when given its listener does not tell this.
    virtual void OnReady() = 0;
    // There may be input: Read. Told again (level-triggered) while reading is on and input waits,
    // so a Read that filled less than the buffer need not be repeated.
    virtual void OnReadable() = 0;
    // After a Write answered kWouldBlock or moved less than asked: Write again. Also when nothing
    // is left of what has_unsent() told of.
    virtual void OnWritable() = 0;
    // Instead of OnReady: it will never be ready. error() says why. (Once ready, faults are told
    // by Read and Write.)
    virtual void OnFailed() = 0;

   protected:
    ~Listener() = default;
  };

  virtual ~ByteStream() = default;

  // Before anything else. Begins a TLS handshake. Never calls the listener from inside.
  virtual void Start(Listener* listener) = 0;
  virtual bool is_ready() const = 0;
  // Only when ready.
  virtual IoResult Read(absl::Span<char> into) = 0;
  virtual IoResult Write(absl::string_view bytes) = 0;
  // As Write, of bytes that others will soon follow: they may wait for those, a fifth of a second
  // at most, so that both go out together.
  virtual IoResult WriteBeforeMore(absl::string_view bytes) { return Write(bytes); }
  // Reading is on after Start. Off: no OnReadable, input stays in the kernel (back-pressure).
  virtual void SetReading(bool on) = 0;
  // Ends our side in order (TLS close_notify, then FIN) once. Input may still be read; no Write
  // after it.
  virtual void CloseWrite() = 0;
  // Bytes that Write took wait inside (a TLS record that the socket had no room for): destroying
  // the stream now would lose them.
  virtual bool has_unsent() const { return false; }

  // Why the last kFailed or OnFailed; OK before. ReasonOf() is one of: RESET, IO_ERROR,
  // TRUNCATED, HANDSHAKE_FAILED, PEER_NOT_ALLOWED and the refusals of core/tls.
  virtual absl::Status error() const = 0;
  virtual const SocketAddress& local_address() const = 0;
  virtual const SocketAddress& remote_address() const = 0;
};

}  // namespace sipcm::net

#endif  // SIPCM_CORE_NET_BYTE_STREAM_H_
