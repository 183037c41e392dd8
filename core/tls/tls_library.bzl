"""One noun of core/tls: <name>.h, <name>.cc, and what it stands on."""

ERRORS = [
    "//core/base:error",
    "//core/base:status_macros",
    "@com_google_absl//absl/status:statusor",
    "@com_google_absl//absl/status",
    "@com_google_absl//absl/strings",
]

OPENSSL = [
    "//core/tls/openssl:error_queue",
    "//core/tls/openssl:handle",
    "@openssl//:ssl",
]

PEM = ["//core/tls/openssl:pem"]

TIME = ["@com_google_absl//absl/time"]

def tls_library(name, deps = [], srcs = None, visibility = None):
    """A cc_library over the header pair of the same name.

    Args:
      name: of the pair.
      deps: labels; ERRORS, OPENSSL, PEM and TIME are lists of them.
      srcs: the sources where they are not <name>.cc alone; empty: there is only the header.
      visibility: where it is not the package's.
    """
    native.cc_library(
        name = name,
        srcs = [name + ".cc"] if srcs == None else srcs,
        hdrs = [name + ".h"],
        visibility = visibility,
        deps = deps,
    )
