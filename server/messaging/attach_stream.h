#ifndef SIPCM_SERVER_MESSAGING_ATTACH_STREAM_H_
#define SIPCM_SERVER_MESSAGING_ATTACH_STREAM_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/types/optional.h"
#include "proto/reused_message.h"
#include "proto/sipcm/v1/attach.pb.h"
#include "server/messaging/attach_session.h"
#include "server/messaging/stream_host.h"

namespace sipcm::server {

class AsyncMessaging;

// The gRPC side of one Attach call: one read and one write in flight; each write carries what piled
// up while the one before was under way. A write is started by the worker that had something to
// tell when none was in flight, else by the completion thread.
//
// Thread: the completion thread, unless said otherwise. The host holds it until the call is over.
class AttachStream final : public HostedStream,
                           public FrameWriter,
                           public std::enable_shared_from_this<AttachStream> {
 public:
  // Waits for a call; each that comes waits for the next one. Both outlive the completion thread.
  static void Accept(AsyncMessaging* service, StreamHost* host);

  ~AttachStream() override;

  void End(const absl::Status& why) override;
  void WriteFrames() override;  // any thread, one at a time
  void OnSettled() override;
  void OnReaderTooSlow() override;
  void OnMayReadAgain() override;

 private:
  struct Call;  // gRPC's objects
  AttachStream(AsyncMessaging* service, StreamHost* host);

  void OnAccepted(bool ok);
  void OnRead(bool ok);
  void OnWritten(bool ok);
  void OnFinished(bool ok);
  void OnDone(bool ok);

  void ReadIfWanted();
  void Write();
  // Finishes with `status` once what waits is written.
  void FinishWith(const absl::Status& status);
  void FinishIfIdle();
  // Removes this from the host, which destroys it, when no operation is under way: the last thing a
  // caller does.
  void RemoveIfOver();

  AsyncMessaging* const service_;
  StreamHost* const host_;
  std::unique_ptr<Call> call_;
  std::shared_ptr<AttachSession> session_;

  MemberTag<AttachStream> accepted_tag_{this, &AttachStream::OnAccepted};
  MemberTag<AttachStream> read_tag_{this, &AttachStream::OnRead};
  MemberTag<AttachStream> written_tag_{this, &AttachStream::OnWritten};
  MemberTag<AttachStream> finished_tag_{this, &AttachStream::OnFinished};
  MemberTag<AttachStream> done_tag_{this, &AttachStream::OnDone};

  ReusedMessage<v1::ApplicationFrame> incoming_;
  bool reading_ = false;                       // a read is under way
  bool read_closed_ = false;                   // none comes any more
  bool broken_ = false;                        // nothing can be written any more
  bool finishing_ = false;                     // Finish() is under way
  bool done_ = false;                          // gRPC is done with the call
  absl::optional<absl::Status> final_status_;  // to finish with, once all is written

  // Of whoever writes.
  OutgoingFrame outgoing_;
  ReusedMessage<v1::ServerFrame> frame_;
};

}  // namespace sipcm::server

#endif  // SIPCM_SERVER_MESSAGING_ATTACH_STREAM_H_
