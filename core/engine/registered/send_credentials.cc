#include "core/engine/registered/send_credentials.h"

#include "core/base/check.h"
#include "core/sip/framer.h"
#include "core/sip/parser.h"
#include "core/transaction/authorized_request.h"

namespace sipcm::engine {
namespace {

using registration::Authenticator;

bool ParseWhole(absl::string_view bytes, sip::MessageView* view) {
  sip::Framer framer;
  const sip::Frame frame = framer.Next(bytes);
  return frame.kind == sip::FrameKind::kMessage &&
         sip::Parse(bytes, frame.header_length, *view).ok();
}

Authenticator::Headers Answers(Authenticator* authenticator, const sip::MessageView& request,
                               const Authenticator::Round& round) {
  Authenticator::Headers answers;
  authenticator->AppendAnswers({request.method(), request.request_uri(), request.body()},
                               Authenticator::Asker::kOther, round, &answers);
  return answers;
}

}  // namespace

bool SendCredentials::Concerns(const sip::MessageView& request) {
  switch (request.method_id()) {
    case sip::Method::kRegister:
    case sip::Method::kAck:
    case sip::Method::kCancel:
      return false;
    default:
      return request.Find(sip::HeaderId::kAuthorization) == nullptr &&
             request.Find(sip::HeaderId::kProxyAuthorization) == nullptr;
  }
}

void SendCredentials::OnComposed(Authenticator* authenticator, std::string* tail, size_t begin) {
  request_.clear();
  const std::string made = tail->substr(begin);
  sip::MessageView view;
  if (!ParseWhole(made, &view) || !Concerns(view)) return;
  request_ = made;
  const Authenticator::Headers answers = Answers(authenticator, view, round_);
  if (answers.empty()) return;
  request_ = transaction::MakeAuthorized(view, view.branch(), view.cseq_number(), answers);
  tail->replace(begin, std::string::npos, request_);
}

bool SendCredentials::Take(Authenticator* authenticator, const sip::MessageView& challenge) {
  sip::MessageView request;
  // With the answers before, it may have become larger than what is read.
  if (request_.empty() || answers_ >= kMaxAnswers || !ParseWhole(request_, &request)) return false;
  if (!authenticator->TakeChallenge(challenge, Authenticator::Asker::kOther, &round_).ok()) {
    return false;
  }
  ++answers_;
  return true;
}

const std::string& SendCredentials::Again(Authenticator* authenticator, absl::string_view branch,
                                          uint32_t cseq) {
  sip::MessageView view;
  SIPCM_CHECK(ParseWhole(request_, &view));  // Take() has read it
  request_ = transaction::MakeAuthorized(view, branch, cseq, Answers(authenticator, view, round_));
  return request_;
}

}  // namespace sipcm::engine
