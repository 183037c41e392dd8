"""One noun of core/dispatch: <name>.h, <name>.cc, and who may use it."""

_ABSL = "@com_google_absl//absl/"

_LAYERS_ABOVE = [
    "//core/engine:__subpackages__",
    "//core/registration:__subpackages__",
    "//server:__subpackages__",
    "//tests:__subpackages__",
]

def dispatch_library(name, deps = [], absl = [], header_only = False):
    """A cc_library over the header pair of the same name.

    Args:
      name: of the pair.
      deps: labels.
      absl: Abseil targets below absl/, e.g. "types:span".
      header_only: there is no source file.
    """
    native.cc_library(
        name = name,
        srcs = [] if header_only else [name + ".cc"],
        hdrs = [name + ".h"],
        visibility = _LAYERS_ABOVE,
        deps = deps + [_ABSL + target for target in absl],
    )
