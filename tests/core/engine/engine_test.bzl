"""One test of the whole engine in virtual time: <name>_test.cc over the engine's fixture."""

_ABSL = "@com_google_absl//absl/"

def engine_test(name, deps = [], absl = [], **kwargs):
    """A cc_test called <name>_test.

    Args:
      name: of the source, without "_test.cc".
      deps: what else the test includes; the fixture, errors and GoogleTest are always there.
      absl: Abseil targets below absl/, e.g. "types:optional"; strings and time are always there.
      **kwargs: as for cc_test; size is small unless given.
    """
    kwargs.setdefault("size", "small")
    native.cc_test(
        name = name + "_test",
        srcs = [name + "_test.cc"],
        deps = deps + [
            "//tests/core/engine:engine_fixture",
            "//core/base:error",
            "@com_google_googletest//:gtest_main",
        ] + [_ABSL + target for target in ["strings", "time"] + absl],
        **kwargs
    )
