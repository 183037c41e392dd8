#include "tests/simulation/called_remote.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/check.h"
#include "tests/core/engine/engine_fixture.h"
#include "tests/fakes/memory_stream.h"

namespace sipcm::simulation {

struct CalledRemote::Stream {
  std::unique_ptr<fakes::TestPeer> peer;
  std::string rest;  // received, not yet a whole message
};

CalledRemote::CalledRemote(fakes::FakeNetwork* network, event::EventLoop* loop,
                           RandomSource* decisions)
    : decisions_(decisions) {
  auto bound = network->Listen(*net::SocketAddress::Parse(kAddress), {});
  SIPCM_CHECK(bound.ok());
  acceptor_ = network->Accept(loop, *std::move(bound), this);
}

CalledRemote::~CalledRemote() = default;

void CalledRemote::OnAccepted(std::unique_ptr<net::ByteStream> stream) {
  streams_.push_back(std::make_unique<Stream>());
  streams_.back()->peer = std::make_unique<fakes::TestPeer>(std::move(stream));
}

void CalledRemote::Act(std::vector<std::string>* faults) {
  for (const auto& stream : streams_) {
    stream->rest += stream->peer->TakeReceived();
    const std::vector<std::string> messages = engine::TakeMessages(&stream->rest);
    if (stream->peer->is_over()) continue;
    for (const std::string& message : messages) {
      if (absl::StartsWith(message, "SIP/2.0 ")) {
        faults->push_back(absl::StrCat("an answer to what was not asked: ", message));
      } else {
        OnRequest(*stream->peer, message);
      }
    }
    if (Chance(3)) static_cast<fakes::MemoryStream*>(stream->peer->stream())->Reset();
  }
}

void CalledRemote::OnRequest(fakes::TestPeer& peer, const std::string& request) {
  if (absl::StartsWith(request, "BYE ")) ++bye_count_;
  if (absl::StartsWith(request, "ACK ") || Chance(10)) return;
  if (!absl::StartsWith(request, "INVITE ")) {
    peer.Send(engine::MakeResponse(request, 200));
    return;
  }
  if (Chance(50)) peer.Send(engine::MakeResponse(request, 180));
  if (Chance(20)) return;  // rings on, or for ever silent
  if (Chance(30)) {
    peer.Send(engine::MakeResponse(request, 486));
    return;
  }
  const std::string success = engine::MakeResponse(request, 200);
  peer.Send(success);
  accepted_.push_back({request, success});
  if (Chance(30)) peer.Send(success);
  if (Chance(20)) peer.Send(absl::StrReplaceAll(success, {{"tag=peertag", "tag=fork"}}));
}

}  // namespace sipcm::simulation
