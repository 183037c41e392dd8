"""One test of core/sip: <noun>_test.cc over the library of the same noun."""

def sip_test(noun, deps = []):
    """A small cc_test called <noun>_test.

    Args:
      noun: of core/sip, e.g. "framer".
      deps: what else the test includes; its own library, GoogleTest and strings are always there.
    """
    native.cc_test(
        name = noun + "_test",
        size = "small",
        srcs = [noun + "_test.cc"],
        deps = deps + [
            "//core/sip:" + noun,
            "@com_google_absl//absl/strings",
            "@com_google_googletest//:gtest_main",
        ],
    )
