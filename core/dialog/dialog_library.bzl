"""One noun of core/dialog: <name>.h, <name>.cc, and who may use it."""

_ABSL = "@com_google_absl//absl/"

_ABOVE = [
    "//core/dispatch:__subpackages__",
    "//core/engine:__subpackages__",
    "//server:__subpackages__",
    "//tests:__subpackages__",
]

def dialog_library(name, deps = [], absl = [], core = []):
    """A cc_library over the header pair of the same name.

    Args:
      name: of the pair.
      deps: labels of this package.
      absl: Abseil targets below absl/, e.g. "types:span".
      core: targets below //core/, e.g. "base:check".
    """
    native.cc_library(
        name = name,
        srcs = [name + ".cc"],
        hdrs = [name + ".h"],
        visibility = _ABOVE,
        deps = deps + ["//core/" + target for target in core] +
               [_ABSL + target for target in absl],
    )
