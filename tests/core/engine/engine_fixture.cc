#include "tests/core/engine/engine_fixture.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/sip/framer.h"
#include "core/sip/parser.h"
#include "core/sip/response_builder.h"

namespace sipcm::engine {

int RecordingEventSink::Count(EngineEvent::Kind kind) const {
  int count = 0;
  for (const EngineEvent& event : events) count += event.kind == kind ? 1 : 0;
  return count;
}

EngineFixture::EngineFixture(int worker_count, uint64_t seed,
                             const fakes::FakeNetworkOptions& options,
                             ShardedEngine::Options engine_options)
    : random(seed), scheduler(&clock, &random), network(seed, options) {
  for (int i = 0; i < worker_count; ++i) {
    loops.push_back(std::make_unique<fakes::ManualEventLoop>(&scheduler));
    resolvers.push_back(std::make_unique<fakes::FakeResolver>(loops.back().get()));
    randoms.push_back(std::make_unique<SeededRandomSource>(seed * 1000 + i));
    WorkerMeans means;
    means.loop = loops.back().get();
    means.network = &network;
    means.resolver = resolvers.back().get();
    means.random = randoms.back().get();
    engine_options.workers.push_back(means);
  }
  engine_options.events = &events;
  randoms.push_back(std::make_unique<SeededRandomSource>(seed * 1000 + worker_count));
  engine_options.random = randoms.back().get();
  engine = std::make_unique<ShardedEngine>(engine_options);
}

EngineFixture::~EngineFixture() {
  scheduler.RunUntilIdle();
  engine.reset();
}

ManagerConfig EngineFixture::TcpManager(const std::string& id) {
  ManagerConfig config;
  config.id = id;
  config.kind = ManagerKind::kServerTcp;
  config.listen_addresses.push_back(*net::SocketAddress::Parse("192.0.2.1:5060"));
  return config;
}

void EngineFixture::StartTcpManager(const std::string& id) {
  SIPCM_CHECK(engine->ApplyManager(TcpManager(id)).ok());
  SIPCM_CHECK(engine->StartListening(id).ok());
  RunUntilIdle();
}

dispatch::Endpoint EngineFixture::PeerToPeer(const std::string& id, const std::string& address,
                                             const std::string& manager) {
  dispatch::Endpoint endpoint;
  endpoint.id = id;
  endpoint.address = address;
  endpoint.manager_id = manager;
  return endpoint;
}

std::unique_ptr<fakes::TestPeer> EngineFixture::ConnectPeer(const std::string& manager) {
  const auto status = engine->GetManagerStatus(manager);
  SIPCM_CHECK(status.ok() && !status->bound_addresses.empty());
  auto stream = network.ConnectPeer(loops.front().get(), status->bound_addresses.front());
  SIPCM_CHECK(stream.ok());
  return std::make_unique<fakes::TestPeer>(*std::move(stream));
}

std::unique_ptr<Subscription> EngineFixture::Subscribe(const std::string& endpoint,
                                                       std::shared_ptr<RecordingSink> sink,
                                                       int credit) {
  SubscriptionOptions options;
  options.endpoint_id = endpoint;
  options.max_outstanding_count = credit;
  auto subscription = engine->Subscribe(options, std::move(sink));
  SIPCM_CHECK(subscription.ok());
  return *std::move(subscription);
}

absl::StatusOr<DispatchExplanation> EngineFixture::Explain(const std::string& request,
                                                           const std::string& manager) {
  absl::StatusOr<DispatchExplanation> explanation = absl::UnknownError("not told");
  engine->ExplainDispatch(manager, request, {},
                          [&explanation](auto result) { explanation = std::move(result); });
  RunUntilIdle();
  return explanation;
}

absl::Status EngineFixture::Respond(dispatch::RequestId id, int status_code) {
  ResponseOrder order;
  order.request_id = id;
  order.status_code = status_code;
  auto sink = std::make_shared<RecordingResponseSink>();
  engine->Respond({order}, sink);
  RunUntilIdle();
  SIPCM_CHECK(sink->results.size() == 1);
  return sink->results.front().status;
}

std::string MakeRequest(absl::string_view method, absl::string_view uri, int number,
                        absl::string_view extra_headers, absl::string_view body) {
  return absl::StrCat(
      method, " ", uri, " SIP/2.0\r\n", "Via: SIP/2.0/TCP 198.51.100.7:5060;branch=z9hG4bKtest",
      number, "\r\n", "From: <sip:peer@example.net>;tag=from", number, "\r\n", "To: <", uri,
      ">\r\n", "Call-ID: call-", number, "@example.net\r\n", "CSeq: ", number, " ", method, "\r\n",
      "Max-Forwards: 70\r\n", extra_headers, body.empty() ? "" : "Content-Type: text/plain\r\n",
      "Content-Length: ", body.size(), "\r\n\r\n", body);
}

std::vector<std::string> TakeMessages(std::string* bytes) {
  std::vector<std::string> messages;
  sip::Framer framer;
  absl::string_view rest = *bytes;
  while (!rest.empty()) {
    const sip::Frame frame = framer.Next(rest);
    if (frame.kind == sip::FrameKind::kNeedMore) break;
    SIPCM_CHECK(frame.kind != sip::FrameKind::kError);
    if (frame.kind == sip::FrameKind::kMessage) {
      messages.emplace_back(rest.substr(frame.offset, frame.header_length + frame.body_length));
    }
    rest.remove_prefix(frame.consumed);
  }
  bytes->erase(0, bytes->size() - rest.size());
  return messages;
}

std::vector<std::string> Messages(absl::string_view bytes) {
  std::string copy(bytes);
  return TakeMessages(&copy);
}

namespace {

void ParseWhole(absl::string_view message, sip::MessageView* view) {
  sip::Framer framer;
  const sip::Frame frame = framer.Next(message);
  SIPCM_CHECK(frame.kind == sip::FrameKind::kMessage);
  SIPCM_CHECK(sip::Parse(message, frame.header_length, *view).ok());
}

}  // namespace

std::vector<int> StatusCodes(absl::string_view bytes) {
  std::vector<int> codes;
  for (const std::string& message : Messages(bytes)) {
    sip::MessageView view;
    ParseWhole(message, &view);
    codes.push_back(view.is_request() ? -1 : view.status_code());
  }
  return codes;
}

std::string HeaderOf(absl::string_view message, absl::string_view name) {
  sip::MessageView view;
  ParseWhole(message, &view);
  const sip::HeaderField* field = view.Find(name);
  return field == nullptr ? "" : std::string(view.value(*field));
}

std::string MakeResponse(absl::string_view request, int status_code) {
  sip::MessageView view;
  ParseWhole(request, &view);
  std::string out;
  SIPCM_CHECK(sip::ResponseBuilder(view).Status(status_code).ToTag("peertag").AppendTo(&out).ok());
  return out;
}

}  // namespace sipcm::engine
