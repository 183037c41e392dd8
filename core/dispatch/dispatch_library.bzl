"""One noun of core/dispatch: <name>.h, <name>.cc, and who may use it."""

_ABSL = "@com_google_absl//absl/"

_LAYERS_ABOVE = [
    "//core/dispatch:__subpackages__",
    "//core/engine:__subpackages__",
    "//core/registration:__subpackages__",
    "//server:__subpackages__",
    "//tests:__subpackages__",
]

def dispatch_library(name, deps = [], absl = [], header_only = False, more_srcs = []):
    """A cc_library over the header pair of the same name.

    Args:
      name: of the pair.
      deps: labels.
      absl: Abseil targets below absl/, e.g. "types:span".
      header_only: there is no source file.
      more_srcs: sources besides <name>.cc.
    """
    native.cc_library(
        name = name,
        srcs = ([] if header_only else [name + ".cc"]) + more_srcs,
        hdrs = [name + ".h"],
        visibility = _LAYERS_ABOVE,
        deps = deps + [_ABSL + target for target in absl],
    )
