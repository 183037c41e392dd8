"""Tests that start the real server."""

def integration_test(name, srcs = None, data = [], main = None, tags = [], deps = []):
    """One Python test with the server among its files.

    Args:
      name: of the test.
      srcs: by default <name>.py.
      data: what else it runs or reads.
      main: where it is not <name>.py.
      tags: of the test.
      deps: what it imports besides the support of all.
    """
    native.py_test(
        name = name,
        size = "medium",
        srcs = srcs or [name + ".py"],
        data = ["//server:sipcm-server"] + data,
        main = main,
        python_version = "PY3",
        srcs_version = "PY3",
        # Ports of 127.0.0.1 and processes of its own: nothing that another test could disturb.
        tags = tags,
        deps = ["//tests/integration:support"] + deps,
    )
