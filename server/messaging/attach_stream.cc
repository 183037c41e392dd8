#include "server/messaging/attach_stream.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>

#include <utility>

#include "server/messaging/async_messaging.h"
#include "server/service/grpc_status.h"

namespace sipcm::server {

struct AttachStream::Call {
  grpc::ServerContext context;
  grpc::ServerAsyncReaderWriter<v1::ServerFrame, v1::ApplicationFrame> stream{&context};
};

void AttachStream::Accept(AsyncMessaging* service, StreamHost* host) {
  std::shared_ptr<AttachStream> stream(new AttachStream(service, host));
  host->AddWaiting(stream);
  Call* call = stream->call_.get();
  call->context.AsyncNotifyWhenDone(static_cast<CompletionTag*>(&stream->done_tag_));
  service->RequestAttach(&call->context, &call->stream, host->thread()->queue(),
                         host->thread()->queue(),
                         static_cast<CompletionTag*>(&stream->accepted_tag_));
}

AttachStream::AttachStream(AsyncMessaging* service, StreamHost* host)
    : service_(service), host_(host), call_(std::make_unique<Call>()) {}

AttachStream::~AttachStream() = default;

void AttachStream::OnAccepted(bool ok) {
  if (!ok) return host_->Remove(shared_from_this());  // the server shuts down
  Accept(service_, host_);
  session_ = std::make_shared<AttachSession>(host_->environment(), weak_from_this());
  if (const absl::Status ended = host_->OnArrived(); !ended.ok()) return FinishWith(ended);
  ReadIfWanted();
}

void AttachStream::ReadIfWanted() {
  if (reading_ || read_closed_ || finishing_ || broken_ || done_ || !session_->MayRead()) return;
  reading_ = true;
  call_->stream.Read(incoming_.get(), static_cast<CompletionTag*>(&read_tag_));
}

void AttachStream::OnRead(bool ok) {
  reading_ = false;
  if (!ok) {
    read_closed_ = true;
    if (!done_ && !final_status_.has_value()) session_->OnNothingMoreToRead();
    return RemoveIfOver();
  }
  if (!final_status_.has_value() && !done_ && !broken_) {  // else the session is closed
    const absl::Status status = session_->OnFrame(incoming_.get());
    if (!status.ok()) FinishWith(status);
  }
  incoming_.Renew();
  ReadIfWanted();
  RemoveIfOver();
}

void AttachStream::WriteFrames() {
  // The call lives as long as the session says that somebody writes, this until here at least.
  const std::shared_ptr<AttachStream> self = shared_from_this();
  if (session_->Take(&outgoing_)) {
    Write();
  } else {  // closed in between
    host_->thread()->Post([self] { self->RemoveIfOver(); });
  }
}

void AttachStream::Write() {
  outgoing_.EncodeTo(frame_.Renew());
  // The last use of anything here: the completion may be under way before this returns.
  call_->stream.Write(*frame_, static_cast<CompletionTag*>(&written_tag_));
}

void AttachStream::OnWritten(bool ok) {
  if (!ok) {
    broken_ = true;
    session_->Close();
  }
  if (session_->Take(&outgoing_)) {
    Write();
  } else {
    if (ok) session_->OnAllWritten();
    FinishIfIdle();
  }
  ReadIfWanted();
  RemoveIfOver();
}

void AttachStream::FinishWith(const absl::Status& status) {
  if (!final_status_.has_value()) final_status_ = status;
  session_->EndSubscriptions(status);
  FinishIfIdle();
}

void AttachStream::FinishIfIdle() {
  if (!final_status_.has_value() || finishing_ || done_ || broken_) return;
  if (!session_->StopWritingIfIdle()) return;
  finishing_ = true;
  session_->Close();
  call_->stream.Finish(ToGrpcStatus(*final_status_), static_cast<CompletionTag*>(&finished_tag_));
}

void AttachStream::OnFinished(bool /*ok*/) {
  finishing_ = false;
  broken_ = true;
  RemoveIfOver();
}

void AttachStream::OnDone(bool /*ok*/) {
  done_ = true;
  session_->Close();
  RemoveIfOver();
}

void AttachStream::End(const absl::Status& why) {
  if (session_ != nullptr) FinishWith(why);
}

void AttachStream::OnSettled() { FinishWith(absl::OkStatus()); }

void AttachStream::OnReaderTooSlow() {
  // A write that cannot go out is under way, so that no status can either.
  broken_ = true;
  session_->Close();
  if (call_ != nullptr) call_->context.TryCancel();
}

void AttachStream::OnMayReadAgain() {
  if (call_ != nullptr) ReadIfWanted();
}

void AttachStream::RemoveIfOver() {
  if (!done_ || reading_ || finishing_ || !session_->IsIdle()) return;
  call_.reset();
  host_->Remove(shared_from_this());
}

}  // namespace sipcm::server
