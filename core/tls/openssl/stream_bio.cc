#include "core/tls/openssl/stream_bio.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/check.h"

namespace sipcm::tls {
namespace {

using Outcome = net::IoResult::Outcome;

constexpr size_t kMaxDroppedBytes = size_t{64} * 1024;

StreamBio* SelfOf(BIO* bio) { return static_cast<StreamBio*>(BIO_get_data(bio)); }

int OnRead(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  bool retry = false;
  const int result = SelfOf(bio)->Read(into, size, &retry);
  if (retry) BIO_set_retry_read(bio);
  return result;
}

int OnWrite(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  return size <= 0 ? 0 : SelfOf(bio)->Write(bytes, size);
}

long OnControl(BIO* bio, int command, long /*number*/, void* /*pointer*/) {  // NOLINT: OpenSSL's
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_EOF:
      return SelfOf(bio)->input_ended() ? 1 : 0;
    default:
      return 0;
  }
}

const BIO_METHOD* Method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sipcm stream");
    SIPCM_CHECK(made != nullptr);
    BIO_meth_set_read(made, OnRead);
    BIO_meth_set_write(made, OnWrite);
    BIO_meth_set_ctrl(made, OnControl);
    return made;
  }();
  return method;
}

}  // namespace

void StreamBio::AttachTo(ssl_st* ssl) {
  BIO* bio = BIO_new(Method());
  SIPCM_CHECK(bio != nullptr);
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);  // takes the one reference
  ssl_ = ssl;
}

bool StreamBio::Flush() {
  if (!blocked()) return true;
  size_t sent = 0;
  while (sent < kept_.size() && !failed_) {
    const net::IoResult result = inner_->Write(absl::string_view(kept_).substr(sent));
    if (result.outcome == Outcome::kWouldBlock) break;
    if (result.outcome != Outcome::kDone) {
      failed_ = true;
      break;
    }
    sent += result.bytes;
  }
  if (sent < kept_.size() && !failed_) {
    kept_.erase(0, sent);
    return false;
  }
  std::string().swap(kept_);  // an idle stream holds no buffer
  if (closing_ && !failed_) inner_->CloseWrite();
  return true;
}

void StreamBio::CloseWrite() {
  if (std::exchange(closing_, true) || blocked() || failed_) return;
  inner_->CloseWrite();
}

void StreamBio::DropInput() {
  std::array<char, 4096> dropped;
  for (size_t left = kMaxDroppedBytes; left > 0 && !failed_;) {
    const net::IoResult result = inner_->Read(absl::MakeSpan(dropped));
    if (result.outcome != Outcome::kDone) return;
    left -= std::min(left, result.bytes);
  }
}

int StreamBio::Read(char* into, int size, bool* retry) {
  if (failed_) return -1;
  if (input_ended_) return 0;
  if (drained_) {
    *retry = true;
    return -1;
  }
  const net::IoResult result = inner_->Read(absl::MakeSpan(into, static_cast<size_t>(size)));
  switch (result.outcome) {
    case Outcome::kDone: {
      drained_ = result.bytes < static_cast<size_t>(size);
      const size_t keep = std::min(result.bytes, first_bytes_.size() - first_size_);
      std::memcpy(first_bytes_.data() + first_size_, into, keep);
      first_size_ += static_cast<unsigned char>(keep);
      return static_cast<int>(result.bytes);
    }
    case Outcome::kWouldBlock:
      drained_ = true;
      *retry = true;
      return -1;
    case Outcome::kEnd:
      input_ended_ = true;
      return 0;
    case Outcome::kFailed:
      break;
  }
  failed_ = true;
  return -1;
}

net::IoResult StreamBio::WriteInner(absl::string_view bytes) {
  const bool answer_follows =
      SSL_is_server(ssl_) == 1 && SSL_in_init(ssl_) == 1 && SSL_has_pending(ssl_) == 1;
  return answer_follows ? inner_->WriteBeforeMore(bytes) : inner_->Write(bytes);
}

int StreamBio::Write(const char* bytes, int size) {
  if (failed_) return -1;
  if (closing_) return size;
  const absl::string_view all(bytes, static_cast<size_t>(size));
  if (blocked()) {
    kept_.append(all.data(), all.size());
    return size;
  }
  const net::IoResult result = WriteInner(all);
  if (result.outcome == Outcome::kFailed || result.outcome == Outcome::kEnd) {
    failed_ = true;
    return -1;
  }
  if (result.bytes < all.size()) kept_.assign(all.data() + result.bytes, all.size() - result.bytes);
  return size;
}

}  // namespace sipcm::tls
