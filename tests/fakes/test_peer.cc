#include "tests/fakes/test_peer.h"

#include "absl/types/span.h"

namespace sipcm::fakes {

using Outcome = net::IoResult::Outcome;

TestPeer::TestPeer(std::unique_ptr<net::ByteStream> stream) : stream_(std::move(stream)) {
  ready_ = stream_->is_ready();
  stream_->Start(this);
}

void TestPeer::Send(absl::string_view bytes) {
  unsent_.append(bytes.data(), bytes.size());
  Flush();
}

void TestPeer::CloseWrite() {
  closes_after_sending_ = true;
  Flush();
}

void TestPeer::Close() { stream_ = nullptr; }

void TestPeer::SetReading(bool on) { stream_->SetReading(on); }

void TestPeer::OnReady() {
  ready_ = true;
  Flush();
}

void TestPeer::OnReadable() {
  ++readable_calls_;
  char buffer[16 * 1024];
  const net::IoResult result = stream_->Read(absl::MakeSpan(buffer));
  switch (result.outcome) {
    case Outcome::kDone:
      received_.append(buffer, result.bytes);
      break;
    case Outcome::kWouldBlock:
      break;
    case Outcome::kEnd:
      ended_ = true;
      break;
    case Outcome::kFailed:
      error_ = stream_->error();
      break;
  }
}

void TestPeer::Flush() {
  if (!ready_ || stream_ == nullptr || has_failed()) return;
  while (!unsent_.empty()) {
    const net::IoResult result = stream_->Write(unsent_);
    if (result.outcome == Outcome::kFailed) {
      error_ = stream_->error();
      return;
    }
    if (result.outcome != Outcome::kDone) return;
    const bool whole = result.bytes == unsent_.size();
    unsent_.erase(0, result.bytes);
    if (!whole) return;  // OnWritable follows
  }
  if (closes_after_sending_ && !write_closed_) {
    write_closed_ = true;
    stream_->CloseWrite();
  }
}

}  // namespace sipcm::fakes
