"""A library of one header and source of the load generator, with its test."""

def load_library(name, absl = [], deps = [], tested = False):
    """`absl`: labels below @com_google_absl//absl/; `tested`: NAME_test.cc exists."""
    native.cc_library(
        name = name,
        testonly = True,
        srcs = [name + ".cc"],
        hdrs = [name + ".h"],
        deps = ["@com_google_absl//absl/" + label for label in absl] + deps,
    )
    if not tested:
        return
    native.cc_test(
        name = name + "_test",
        size = "small",
        srcs = [name + "_test.cc"],
        deps = [":" + name, "@com_google_googletest//:gtest_main"] +
               ["@com_google_absl//absl/" + label for label in absl] + deps,
    )
