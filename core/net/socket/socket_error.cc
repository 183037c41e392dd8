#include "core/net/socket/socket_error.h"

#include <cerrno>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace sipcm::net {
namespace {

constexpr int kFirstUnprivilegedPort = 1024;

std::string Text(int error) { return std::generic_category().message(error); }

bool IsOutOfDescriptors(int error) { return error == EMFILE || error == ENFILE; }

absl::Status Shortage(const std::string& what, int error) {
  if (IsOutOfDescriptors(error)) {
    return MakeError(absl::StatusCode::kResourceExhausted, "FILE_DESCRIPTORS_EXHAUSTED",
                     absl::StrCat(what, ": ", Text(error),
                                  "; raise the limit on open files (ulimit -n, LimitNOFILE) or "
                                  "lower the limits on connections"));
  }
  return MakeError(
      absl::StatusCode::kResourceExhausted, "MEMORY_LIMIT",
      absl::StrCat(what, ": ", Text(error), "; the kernel is short of memory for sockets"));
}

}  // namespace

bool IsShortage(int error) {
  return IsOutOfDescriptors(error) || error == ENOBUFS || error == ENOMEM;
}

absl::Status ListenError(const SocketAddress& address, int error) {
  const std::string what = absl::StrCat("cannot listen on \"", address.ToString(), "\"");
  if (IsShortage(error)) return Shortage(what, error);
  switch (error) {
    case EADDRINUSE:
      return MakeError(absl::StatusCode::kUnavailable, "ADDRESS_IN_USE",
                       absl::StrCat(what,
                                    ": another socket listens there; stop that one, or "
                                    "choose another port (0 picks a free one)"));
    case EADDRNOTAVAIL:
      return MakeError(absl::StatusCode::kUnavailable, "ADDRESS_NOT_AVAILABLE",
                       absl::StrCat(what, ": \"", address.ip.ToString(),
                                    "\" is not an address of this host; use one of its own, or "
                                    "\"0.0.0.0\" or \"::\" for all"));
    case EAFNOSUPPORT:
      return MakeError(absl::StatusCode::kUnavailable, "ADDRESS_NOT_AVAILABLE",
                       absl::StrCat(what,
                                    ": this host has the address family switched off; use "
                                    "an address of the other family"));
    case EACCES:
    case EPERM:
      return MakeError(
          absl::StatusCode::kPermissionDenied, "PORT_NOT_PERMITTED",
          absl::StrCat(what, ": the system does not permit it; ",
                       address.port < kFirstUnprivilegedPort
                           ? "use a port from 1024 up, or grant CAP_NET_BIND_SERVICE"
                           : "check the security policy (SELinux, AppArmor) of this process"));
    default:
      return MakeError(absl::StatusCode::kUnavailable, "ADDRESS_NOT_AVAILABLE",
                       absl::StrCat(what, ": ", Text(error)));
  }
}

absl::Status AcceptError(const SocketAddress& address, int error) {
  const std::string what = absl::StrCat("cannot accept on \"", address.ToString(), "\"");
  if (IsShortage(error)) return Shortage(what, error);
  return MakeError(absl::StatusCode::kUnavailable, "IO_ERROR",
                   absl::StrCat(what, ": ", Text(error), "; listen anew"));
}

absl::Status ConnectError(const SocketAddress& remote, int error) {
  const std::string what = absl::StrCat("cannot connect to \"", remote.ToString(), "\"");
  if (IsShortage(error)) return Shortage(what, error);
  switch (error) {
    case ECONNREFUSED:
      return MakeError(absl::StatusCode::kUnavailable, "CONNECT_REFUSED",
                       absl::StrCat(what, ": refused; check that a SIP server listens there"));
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EAFNOSUPPORT:
      return MakeError(
          absl::StatusCode::kUnavailable, "CONNECT_UNREACHABLE",
          absl::StrCat(what, ": ", Text(error), "; check this host's routes and the address"));
    case EADDRNOTAVAIL:
      return MakeError(absl::StatusCode::kUnavailable, "CONNECT_FAILED",
                       absl::StrCat(what,
                                    ": the local address is not of this host, or all of its "
                                    "ports are taken"));
    default:
      return MakeError(absl::StatusCode::kUnavailable, "CONNECT_FAILED",
                       absl::StrCat(what, ": ", Text(error)));
  }
}

absl::Status StreamError(const SocketAddress& remote, int error) {
  const std::string what = absl::StrCat("connection with \"", remote.ToString(), "\"");
  switch (error) {
    case ECONNRESET:
    case EPIPE:
    case ECONNABORTED:
      return MakeError(absl::StatusCode::kUnavailable, "RESET",
                       absl::StrCat(what, " was reset by the peer"));
    default:
      return MakeError(absl::StatusCode::kUnavailable, "IO_ERROR",
                       absl::StrCat(what, " failed: ", Text(error)));
  }
}

}  // namespace sipcm::net
