#include "tests/simulation/dialog_peers.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/check.h"
#include "tests/fakes/memory_stream.h"

namespace sipcm::simulation {

using engine::HeaderOf;

namespace {

// "z9hG4bK..." of the topmost Via.
std::string BranchOf(const std::string& message) {
  const std::string via = HeaderOf(message, "Via");
  const size_t begin = via.find("branch=");
  return begin == std::string::npos ? "" : via.substr(begin, via.find(';', begin) - begin);
}

bool IsFinal(const std::string& response) { return response[8] != '1'; }

}  // namespace

struct DialogPeers::Stream {
  bool lives() const { return !broken && !peer->is_over(); }

  std::unique_ptr<fakes::TestPeer> peer;
  std::string rest;  // received, not yet a whole message
  bool broken = false;
  std::map<std::string, std::string> asked;                // requests, by branch
  std::map<std::string, std::vector<std::string>> finals;  // by branch; a 2xx that came again once
};

DialogPeers::DialogPeers(engine::EngineFixture* fixture, RandomSource* decisions)
    : fixture_(fixture), decisions_(decisions) {
  auto bound = fixture->network.Listen(*net::SocketAddress::Parse(kAddress), {});
  SIPCM_CHECK(bound.ok());
  acceptor_ = fixture->network.Accept(fixture->loops[0].get(), *std::move(bound), this);
}

DialogPeers::~DialogPeers() = default;

void DialogPeers::OnAccepted(std::unique_ptr<net::ByteStream> stream) {
  streams_.push_back(std::make_unique<Stream>());
  streams_.back()->peer = std::make_unique<fakes::TestPeer>(std::move(stream));
}

void DialogPeers::Connect() {
  streams_.push_back(std::make_unique<Stream>());
  streams_.back()->peer = fixture_->ConnectPeer();
}

DialogPeers::Stream* DialogPeers::DrawStream() {
  if (streams_.empty()) return nullptr;
  Stream* const stream = streams_[decisions_->Next() % streams_.size()].get();
  return stream->lives() ? stream : nullptr;
}

bool DialogPeers::Send(const std::string& request) {
  Stream* const stream = DrawStream();
  if (stream == nullptr) return false;
  stream->asked[BranchOf(request)] = request;
  stream->peer->Send(request);
  return true;
}

bool DialogPeers::Break() {
  Stream* const stream = DrawStream();
  if (stream == nullptr) return false;
  stream->broken = true;
  if (Chance(50)) {
    stream->peer->Send("INFO sip:alice@example.com SIP/2.0\r\nVia: SIP/2.0/TC");
    stream->peer->CloseWrite();
  } else {
    static_cast<fakes::MemoryStream*>(stream->peer->stream())->Reset();
  }
  return true;
}

void DialogPeers::Act(std::vector<std::string>* faults) {
  for (size_t i = 0; i < streams_.size(); ++i) {
    Stream& stream = *streams_[i];
    stream.rest += stream.peer->TakeReceived();
    for (const std::string& message : engine::TakeMessages(&stream.rest)) {
      if (absl::StartsWith(message, "SIP/2.0 ")) {
        OnResponse(stream, message, faults);
      } else {
        OnRequest(stream, message, faults);
      }
    }
  }
}

void DialogPeers::OnRequest(Stream& stream, const std::string& request,
                            std::vector<std::string>* faults) {
  if (absl::StartsWith(request, "ACK ") || absl::StartsWith(request, "CANCEL ")) return;
  std::string& branch =
      branches_[{HeaderOf(request, "Call-ID"),
                 HeaderOf(request, "CSeq").substr(0, HeaderOf(request, "CSeq").find(' '))}];
  if (!branch.empty() && branch != BranchOf(request)) {
    faults->push_back(absl::StrCat("a CSeq of another request: ", request));
  }
  branch = BranchOf(request);
  if (!stream.lives() || Chance(10)) return;  // silent
  const std::string tag = absl::StrCat(";tag=of-", HeaderOf(request, "Call-ID").substr(0, 8));
  const std::string response = absl::StrReplaceAll(
      engine::MakeResponse(request, Chance(5) ? 481 : 200),
      {{";tag=peertag", tag},
       {"Content-Length", absl::StrCat("Contact: <sip:bob@", kAddress, ">\r\nContent-Length")}});
  stream.peer->Send(response);
}

void DialogPeers::OnResponse(Stream& stream, const std::string& response,
                             std::vector<std::string>* faults) {
  const std::string branch = BranchOf(response);
  const auto asked = stream.asked.find(branch);
  if (asked == stream.asked.end()) {
    faults->push_back(absl::StrCat("what nobody asked for on this connection: ", response));
    return;
  }
  if (!IsFinal(response)) return;
  std::vector<std::string>& finals = stream.finals[branch];
  const bool is_invite = absl::EndsWith(HeaderOf(response, "CSeq"), " INVITE");
  const bool is_success = response[8] == '2';
  if (is_invite && is_success && !finals.empty() && finals[0] == response) return;
  finals.push_back(response);
  if (finals.size() > 1) {
    faults->push_back(
        absl::StrCat("a second final answer: ", response, "the first was: ", finals[0]));
  }
  if (!is_invite || !stream.lives()) return;
  std::string ack = absl::StrReplaceAll(asked->second, {{"INVITE", "ACK"}});
  ack = absl::StrReplaceAll(ack, {{absl::StrCat("To: ", HeaderOf(asked->second, "To")),
                                   absl::StrCat("To: ", HeaderOf(response, "To"))}});
  if (is_success) {
    accepted_[HeaderOf(response, "Call-ID")] = HeaderOf(response, "To");
    ack = absl::StrReplaceAll(ack, {{"branch=z9hG4bK", "branch=z9hG4bKack"}});
  }
  if (!is_success || Chance(80)) stream.peer->Send(ack);
}

std::string DialogPeers::AcceptedTo(int number) const {
  const auto accepted = accepted_.find(absl::StrCat("call-", number, "@example.net"));
  return accepted == accepted_.end() ? "" : accepted->second;
}

void DialogPeers::Check(std::vector<std::string>* faults) const {
  for (const auto& stream : streams_) {
    if (!stream->lives()) continue;
    for (const auto& [branch, request] : stream->asked) {
      if (stream->finals.count(branch) > 0) continue;
      faults->push_back(absl::StrCat("no final answer on a connection that lives: ", request));
    }
  }
}

}  // namespace sipcm::simulation
