"""One noun of a room of core: <name>.h, <name>.cc, and what it stands on."""

_ABSL = "@com_google_absl//absl/"

def noun_library(name, deps = [], absl = [], core = [], header_only = False, visibility = None):
    """A cc_library over the header pair of the same name.

    Args:
      name: of the pair.
      deps: labels outside of Abseil and core, and those of the package.
      absl: Abseil targets below absl/, e.g. "status:statusor".
      core: targets below //core/, e.g. "base:error".
      header_only: there is no source file.
      visibility: where it is not the package's.
    """
    native.cc_library(
        name = name,
        srcs = [] if header_only else [name + ".cc"],
        hdrs = [name + ".h"],
        visibility = visibility,
        deps = deps + ["//core/" + target for target in core] +
               [_ABSL + target for target in absl],
    )
