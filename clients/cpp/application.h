#ifndef SIPCM_CLIENTS_CPP_APPLICATION_H_
#define SIPCM_CLIENTS_CPP_APPLICATION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "clients/cpp/client.h"
#include "proto/sipcm/v1/attach.pb.h"

namespace sipcm::client {

// Takes what a server tells an Application. Called on the Application's thread, one call at a time;
// what a call takes, all others wait for, so that long work belongs elsewhere. Every method of the
// Application but Stop() may be called from inside. References are valid during the call only.
class ApplicationHandler {
 public:
  virtual ~ApplicationHandler() = default;

  // A request; answer it with Application::Respond(), now or later, from any thread. An ACK has no
  // answer. `subscription` counts from 1, in the order of ApplicationOptions::subscriptions.
  virtual void OnRequest(const v1::RequestDelivery& request, int subscription) = 0;
  virtual void OnCancelled(const v1::RequestCancelled& /*cancelled*/) {}
  virtual void OnExpired(const v1::RequestExpired& /*expired*/) {}
  virtual void OnAckMissing(const v1::AckMissing& /*missing*/) {}
  virtual void OnGap(const v1::Gap& /*gap*/, int /*subscription*/) {}
  // What became of an answer: of those that failed, or of all (ApplicationOptions).
  virtual void OnRespondResult(const v1::RespondResult& /*result*/) {}
  virtual void OnSubscriptionStarted(const v1::SubscriptionStarted& /*started*/,
                                     int /*subscription*/) {}
  // One subscription is over, or could not stand; the stream goes on. It is tried again only with
  // the next stream.
  virtual void OnSubscriptionEnded(const v1::SubscriptionEnded& /*ended*/) {}
  // The stream is lost and will be opened again; unanswered requests go to other subscriptions, or
  // come again (attempt_reason RESUMED) when it is back within SubscribeRequest.resume_timeout.
  // Answers to them are passed over until then.
  virtual void OnDisconnected(const absl::Status& /*why*/) {}
};

struct ApplicationOptions {
  std::string name;  // for the server's log; at most 64 printable ASCII characters
  std::vector<v1::SubscribeRequest> subscriptions;  // none: to send only
  v1::Open::RespondResults respond_results = v1::Open::FAILURES;
  // Between tries to open the stream: doubles up to the cap, with jitter.
  absl::Duration first_retry_delay = absl::Milliseconds(100);
  absl::Duration max_retry_delay = absl::Seconds(10);
};

// An application on the fast path: one Attach stream with all its subscriptions, opened again when
// it is lost. Both directions are batched: all answers given while a frame's requests are handled,
// or while a write is under way, go out as one frame.
//
//   EchoHandler handler;
//   Application application(client.get(), {.subscriptions = {to_alice}}, &handler);
//   handler.application = &application;
//   application.Start();
//   ...
//   application.Stop(absl::Seconds(5));
//
// Thread: any, but Start(), Stop() and destruction from one.
class Application {
 public:
  // `client` and `handler` outlive it.
  Application(Client* client, ApplicationOptions options, ApplicationHandler* handler);
  ~Application();  // Stop() without grace, when it was not called
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  // Begins to open the stream; OnSubscriptionStarted tells when each subscription stands.
  void Start();
  // Takes no more deliveries, writes what waits, lets sends finish, and closes in order; after
  // `grace` at once. Requests that are not answered go to other subscriptions: to avoid that, Pause
  // and answer all first. No call of the handler comes after it returned.
  void Stop(absl::Duration grace);

  // Answers a request, provisionally or finally. Passed over while there is no stream.
  void Respond(const v1::RespondRequest& response);
  // With this status and what the server fills in by itself; an empty phrase means the usual one.
  void Respond(absl::string_view request_id, int status_code, absl::string_view reason_phrase = "");
  // With a whole SIP message.
  void RespondRaw(absl::string_view request_id, absl::string_view message);

  // Sends a request. `on_event` is called on the application's thread with each step, the last of
  // which is a final response or a failure; the failure is UNAVAILABLE (CONNECTION_LOST) when the
  // stream is lost meanwhile. Gives the id for CancelSend().
  using SendCallback = absl::AnyInvocable<void(const v1::SendEvent& event)>;
  int64_t Send(const v1::SendRequest& request, SendCallback on_event);
  void CancelSend(int64_t send_id);

  // How many deliveries a subscription takes unanswered from now on, and after each reconnect.
  void Grant(int subscription, int max_outstanding_count);
  // Grants 0 to all.
  void Pause();

 private:
  class Stream;
  const std::unique_ptr<Stream> stream_;
};

}  // namespace sipcm::client

#endif  // SIPCM_CLIENTS_CPP_APPLICATION_H_
