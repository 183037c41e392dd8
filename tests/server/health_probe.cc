#include "tests/server/health_probe.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>

#include <chrono>

namespace sipcm::server {
namespace {

struct Answer {
  grpc::Status status;
  std::string bytes;
};

grpc::ByteBuffer BufferOf(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

// One request, one answer, on a call of any kind.
Answer Ask(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
           const std::string& request) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareCall(&context, method, &queue);
  void* tag = nullptr;
  bool ok = false;
  Answer answer;
  grpc::ByteBuffer response;
  call->StartCall(nullptr);
  queue.Next(&tag, &ok);
  if (ok) {
    call->Write(BufferOf(request), nullptr);
    queue.Next(&tag, &ok);
    call->Read(&response, nullptr);
    queue.Next(&tag, &ok);
    if (ok) answer.bytes = BytesOf(response);
    call->WritesDone(nullptr);
    queue.Next(&tag, &ok);
  }
  call->Finish(&answer.status, nullptr);
  queue.Next(&tag, &ok);
  return answer;
}

}  // namespace

std::string ProbeHealth(const std::shared_ptr<grpc::Channel>& channel, const std::string& service) {
  // HealthCheckRequest { string service = 1; } -> HealthCheckResponse { ServingStatus status = 1; }
  const std::string request =
      service.empty() ? "" : std::string("\x0a") + static_cast<char>(service.size()) + service;
  const Answer answer = Ask(channel, "/grpc.health.v1.Health/Check", request);
  if (answer.status.error_code() == grpc::StatusCode::NOT_FOUND) return "NOT_FOUND";
  if (answer.status.error_code() == grpc::StatusCode::UNAVAILABLE) return "UNAVAILABLE";
  if (answer.bytes == "\x08\x01") return "SERVING";
  if (answer.bytes == "\x08\x02") return "NOT_SERVING";
  return "unknown: " + answer.status.error_message();
}

std::string ListServices(const std::shared_ptr<grpc::Channel>& channel) {
  // ServerReflectionRequest { string list_services = 7; }
  return Ask(channel, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
             std::string("\x3a\x01*"))
      .bytes;
}

}  // namespace sipcm::server
