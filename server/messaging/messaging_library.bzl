"""One noun of server/messaging: <name>.h, <name>.cc, and who may use it."""

_ABSL = "@com_google_absl//absl/"
_GRPC = "@com_github_grpc_grpc//:grpc++"
_PROTO = "//proto/sipcm/v1:sipcm_cc_proto"

def messaging_library(name, deps = [], absl = [], header_only = False, grpc = False):
    """A cc_library over the header pair of the same name, on the API's messages.

    Args:
      name: of the pair.
      deps: labels outside of Abseil; the API's messages are always there.
      absl: Abseil targets below absl/, e.g. "types:optional"; status and strings are always there.
      header_only: there is no source file.
      grpc: whether it includes gRPC's headers, which cost ten seconds.
    """
    native.cc_library(
        name = name,
        srcs = [] if header_only else [name + ".cc"],
        hdrs = [name + ".h"],
        visibility = [
            "//server:__subpackages__",
            "//tests/clients:__subpackages__",
            "//tests/benchmark:__subpackages__",
            "//tests/server:__subpackages__",
        ],
        deps = deps + [_PROTO] + ([_GRPC] if grpc else []) +
               [_ABSL + target for target in ["status", "strings"] + absl],
    )
