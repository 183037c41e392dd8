#ifndef SIPCM_CLIENTS_CLI_CALL_H_
#define SIPCM_CLIENTS_CLI_CALL_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <vector>

#include "clients/cli/session.h"

// Unary calls. For sources only: it brings gRPC's headers along.

namespace sipcm::cli {

template <class Stub, class Request, class Response>
using UnaryMethod = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

// Calls once. Not OK: `response` is unspecified.
template <class Stub, class Request, class Response>
grpc::Status Call(const Session& session, Stub& stub, UnaryMethod<Stub, Request, Response> method,
                  const Request& request, Response* response) {
  grpc::ClientContext context;
  session.SetDeadline(context);
  return (stub.*method)(&context, request, response);
}

// Calls once and prints the answered resource, or the error.
template <class Stub, class Request, class Response>
ExitStatus CallAndPrint(const Session& session, Stub& stub,
                        UnaryMethod<Stub, Request, Response> method, const Request& request) {
  Response response;
  const grpc::Status status = Call(session, stub, method, request, &response);
  if (!status.ok()) return session.Fail(status);
  session.PrintResource(response);
  return kDone;
}

// Lists all pages and prints them as one table, or the error.
template <class Stub, class Request, class Response>
ExitStatus ListAndPrint(const Session& session, Stub& stub,
                        UnaryMethod<Stub, Request, Response> method, Request request,
                        const std::vector<Column>& columns) {
  Response all;
  do {
    Response page;
    const grpc::Status status = Call(session, stub, method, request, &page);
    if (!status.ok()) return session.Fail(status);
    request.set_page_token(page.next_page_token());
    page.clear_next_page_token();
    all.MergeFrom(page);
  } while (!request.page_token().empty());
  session.PrintList(all, columns);
  return kDone;
}

}  // namespace sipcm::cli

#endif  // SIPCM_CLIENTS_CLI_CALL_H_
