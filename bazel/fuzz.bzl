"""Fuzz targets: libFuzzer under --config=asan, a replay of the seeds in every test run."""

def cc_fuzz_test(name, srcs, deps, seeds = []):
    """One `LLVMFuzzerTestOneInput`.

    Makes <name>, the fuzzer (clang; `bazel build --config=asan`, run by tests/run), and
    <name>_replay_test, which feeds it the seeds with the default compiler.

    Args:
      name: ends in "_fuzz".
      srcs: defines LLVMFuzzerTestOneInput.
      deps: of srcs.
      seeds: files or filegroups, by convention those of corpus/<name>/.
    """
    native.cc_library(
        name = name + "_entry",
        testonly = True,
        srcs = srcs,
        alwayslink = True,
        deps = deps,
    )
    native.cc_binary(
        name = name,
        testonly = True,
        linkopts = ["-fsanitize=fuzzer"],
        # Links with --config=asan only, so patterns such as //... leave it out.
        tags = [
            "fuzz",
            "manual",
        ],
        deps = [":%s_entry" % name],
    )
    native.cc_test(
        name = name + "_replay_test",
        size = "small",
        args = ["$(rootpaths %s)" % seed for seed in seeds],
        data = seeds,
        deps = [
            ":%s_entry" % name,
            "//bazel/fuzz:replay_main",
        ],
    )
