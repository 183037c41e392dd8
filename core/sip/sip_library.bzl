"""One noun of core/sip: <name>.h, <name>.cc, and who may use it."""

_ABSL = "@com_google_absl//absl/"

# base <- sip <- the layers that handle messages (architecture.md 1).
_LAYERS_ABOVE = [
    "//core/%s:__subpackages__" % layer
    for layer in [
        "connection",
        "dialog",
        "dispatch",
        "engine",
        "pool",
        "registration",
        "transaction",
    ]
] + [
    "//clients:__subpackages__",
    "//server:__subpackages__",
    "//tests:__subpackages__",
]

def sip_library(name, deps = [], absl = [], header_only = False):
    """A cc_library over the header pair of the same name.

    Args:
      name: of the pair.
      deps: labels, "//core/base" included.
      absl: Abseil targets below absl/, e.g. "types:span". absl/strings is always there.
      header_only: there is no source file.
    """
    native.cc_library(
        name = name,
        srcs = [] if header_only else [name + ".cc"],
        hdrs = [name + ".h"],
        visibility = _LAYERS_ABOVE,
        deps = deps + [_ABSL + target for target in ["strings"] + absl],
    )
