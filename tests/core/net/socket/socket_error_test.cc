#include "core/net/socket/socket_error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "core/base/error.h"

namespace sipcm::net {
namespace {

const SocketAddress kAddress = *SocketAddress::Parse("192.0.2.7:5060");

struct Case {
  int error;
  absl::StatusCode code;
  std::string reason;
};

void ExpectAll(absl::Status (*make)(const SocketAddress&, int), const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const absl::Status status = make(kAddress, c.error);
    EXPECT_EQ(status.code(), c.code) << status;
    EXPECT_EQ(ReasonOf(status), c.reason) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "\"192.0.2.7:5060\"")) << status;
  }
}

TEST(SocketErrorTest, OfListen) {
  ExpectAll(&ListenError,
            {{EADDRINUSE, absl::StatusCode::kUnavailable, "ADDRESS_IN_USE"},
             {EADDRNOTAVAIL, absl::StatusCode::kUnavailable, "ADDRESS_NOT_AVAILABLE"},
             {EAFNOSUPPORT, absl::StatusCode::kUnavailable, "ADDRESS_NOT_AVAILABLE"},
             {EACCES, absl::StatusCode::kPermissionDenied, "PORT_NOT_PERMITTED"},
             {EMFILE, absl::StatusCode::kResourceExhausted, "FILE_DESCRIPTORS_EXHAUSTED"},
             {EINVAL, absl::StatusCode::kUnavailable, "ADDRESS_NOT_AVAILABLE"}});
}

TEST(SocketErrorTest, OfAccept) {
  ExpectAll(&AcceptError,
            {{EMFILE, absl::StatusCode::kResourceExhausted, "FILE_DESCRIPTORS_EXHAUSTED"},
             {ENFILE, absl::StatusCode::kResourceExhausted, "FILE_DESCRIPTORS_EXHAUSTED"},
             {ENOBUFS, absl::StatusCode::kResourceExhausted, "MEMORY_LIMIT"},
             {ENOMEM, absl::StatusCode::kResourceExhausted, "MEMORY_LIMIT"},
             {EBADF, absl::StatusCode::kUnavailable, "IO_ERROR"}});
}

TEST(SocketErrorTest, OfConnect) {
  ExpectAll(&ConnectError,
            {{ECONNREFUSED, absl::StatusCode::kUnavailable, "CONNECT_REFUSED"},
             {ENETUNREACH, absl::StatusCode::kUnavailable, "CONNECT_UNREACHABLE"},
             {EHOSTUNREACH, absl::StatusCode::kUnavailable, "CONNECT_UNREACHABLE"},
             {EADDRNOTAVAIL, absl::StatusCode::kUnavailable, "CONNECT_FAILED"},
             {ETIMEDOUT, absl::StatusCode::kUnavailable, "CONNECT_FAILED"},
             {EMFILE, absl::StatusCode::kResourceExhausted, "FILE_DESCRIPTORS_EXHAUSTED"}});
}

TEST(SocketErrorTest, OfAStream) {
  ExpectAll(&StreamError, {{ECONNRESET, absl::StatusCode::kUnavailable, "RESET"},
                           {EPIPE, absl::StatusCode::kUnavailable, "RESET"},
                           {ETIMEDOUT, absl::StatusCode::kUnavailable, "IO_ERROR"}});
}

TEST(SocketErrorTest, PrivilegedPortNamesTheCapabilityAndOthersDoNot) {
  const SocketAddress privileged = *SocketAddress::Parse("0.0.0.0:443");
  EXPECT_TRUE(absl::StrContains(ListenError(privileged, EACCES).message(), "CAP_NET_BIND_SERVICE"));
  EXPECT_FALSE(absl::StrContains(ListenError(kAddress, EACCES).message(), "CAP_NET_BIND_SERVICE"));
}

}  // namespace
}  // namespace sipcm::net
