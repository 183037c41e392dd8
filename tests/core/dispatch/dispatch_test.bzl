"""One test of core/dispatch: <noun>[_<aspect>]_test.cc over the library of the same noun."""

def dispatch_test(name, noun = None, package = "//core/dispatch", deps = [], **kwargs):
    """A cc_test called <name>_test.

    Args:
      name: of the source, without "_test.cc".
      noun: of the package; the name unless given.
      package: where it is.
      deps: what else the test includes; its own library and GoogleTest are always there.
      **kwargs: as for cc_test; size is small unless given.
    """
    kwargs.setdefault("size", "small")
    native.cc_test(
        name = name + "_test",
        srcs = [name + "_test.cc"],
        deps = deps + [
            package + ":" + (noun or name),
            "@com_google_googletest//:gtest_main",
        ],
        **kwargs
    )
