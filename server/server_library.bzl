"""One noun of the server: <name>.h, <name>.cc, and who may use it."""

_ABSL = "@com_google_absl//absl/"

def server_library(name, deps = [], absl = [], core = [], header_only = False, srcs = None):
    """A cc_library over the header pair of the same name.

    Args:
      name: of the pair.
      deps: labels outside of Abseil and core.
      absl: Abseil targets below absl/, e.g. "types:optional".
      core: targets below //core/, e.g. "base:error".
      header_only: there is no source file.
      srcs: the source files where they are not <name>.cc alone.
    """
    native.cc_library(
        name = name,
        srcs = srcs if srcs else ([] if header_only else [name + ".cc"]),
        hdrs = [name + ".h"],
        visibility = [
            "//server:__subpackages__",
            "//tests/server:__subpackages__",
        ],
        deps = deps + ["//core/" + target for target in core] +
               [_ABSL + target for target in absl],
    )
