"""One noun of core/engine: <name>.h, <name>.cc, and what it stands on."""

_ABSL = "@com_google_absl//absl/"

_ABOVE = [
    "//core/engine:__subpackages__",
    "//server:__subpackages__",
    "//tests:__subpackages__",
]

def engine_library(name, deps = [], absl = [], core = [], srcs = None, visibility = None):
    """A cc_library over the header pair of the same name, for the engine and what is above it.

    Args:
      name: of the pair.
      deps: labels outside of Abseil and core, and those of this package.
      absl: Abseil targets below absl/, e.g. "status:statusor".
      core: targets below //core/, e.g. "base:error".
      srcs: the sources where they are not <name>.cc alone; empty: there is only the header.
      visibility: where it is not that.
    """
    native.cc_library(
        name = name,
        srcs = [name + ".cc"] if srcs == None else srcs,
        hdrs = [name + ".h"],
        visibility = visibility if visibility else _ABOVE,
        deps = deps + ["//core/" + target for target in core] +
               [_ABSL + target for target in absl],
    )
