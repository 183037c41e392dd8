"""protoc and its gRPC plugins as Bazel targets."""

_PROTOC = "@com_google_protobuf//:protoc"
_CPP_PLUGIN = "@com_github_grpc_plugins//:grpc_cpp_plugin"
_PYTHON_PLUGIN = "@com_github_grpc_plugins//:grpc_python_plugin"

_GENERATED_COPTS = ["-w"]  # Generated code is not ours to keep free of warnings.

def _outputs(srcs, *suffixes):
    outs = []
    for src in srcs:
        if not src.endswith(".proto"):
            fail("\"%s\" does not end in .proto" % src)
        outs += [src[:-len(".proto")] + suffix for suffix in suffixes]
    return outs

def _protoc(name, srcs, outs, flags, plugin = None):
    """Runs protoc at the workspace's root: the files import each other by full path."""
    if plugin:
        flags = ["--plugin=protoc-gen-grpc=$(execpath %s)" % plugin] + flags
    native.genrule(
        name = name,
        srcs = srcs,
        outs = outs,
        cmd = " ".join(["$(execpath %s) --proto_path=." % _PROTOC] + flags + ["$(SRCS)"]),
        message = "Generating code from .proto files",
        tools = [_PROTOC] + ([plugin] if plugin else []),
        visibility = ["//visibility:private"],
    )

def sipcm_proto_library(name, srcs, services = [], visibility = None):
    """C++ and Python code of the .proto files of one package.

    Makes these targets:
      <name>_protos     the .proto files themselves
      <name>_cc_proto   messages:                #include "<package>/x.pb.h"
      <name>_cc_grpc    messages and services:   #include "<package>/x.grpc.pb.h"
      <name>_py_grpc    from <package, dotted> import x_pb2, x_pb2_grpc   (system Python)

    Args:
      name: prefix of the targets.
      srcs: all .proto files of the package.
      services: those of srcs that define services.
      visibility: of all targets.
    """
    native.filegroup(
        name = name + "_protos",
        srcs = srcs,
        visibility = visibility,
    )

    _protoc(
        name = name + "_generate_cc_proto",
        srcs = srcs,
        outs = _outputs(srcs, ".pb.h", ".pb.cc"),
        flags = ["--cpp_out=$(GENDIR)"],
    )
    native.cc_library(
        name = name + "_cc_proto",
        srcs = _outputs(srcs, ".pb.cc"),
        hdrs = _outputs(srcs, ".pb.h"),
        copts = _GENERATED_COPTS,
        visibility = visibility,
        deps = ["@com_google_protobuf//:protobuf"],
        # Server reflection looks files up by name, also those without messages of their own, which
        # nothing refers to.
        alwayslink = True,
    )

    # Files without services get (nearly empty) outputs too; only the others are compiled.
    _protoc(
        name = name + "_generate_cc_grpc",
        srcs = srcs,
        outs = _outputs(srcs, ".grpc.pb.h", ".grpc.pb.cc"),
        flags = ["--grpc_out=$(GENDIR)"],
        plugin = _CPP_PLUGIN,
    )
    native.cc_library(
        name = name + "_cc_grpc",
        srcs = _outputs(services, ".grpc.pb.cc"),
        hdrs = _outputs(services, ".grpc.pb.h"),
        copts = _GENERATED_COPTS,
        visibility = visibility,
        deps = [
            ":%s_cc_proto" % name,
            "@com_github_grpc_grpc//:grpc++",
        ],
    )

    _protoc(
        name = name + "_generate_py_grpc",
        srcs = srcs,
        outs = _outputs(srcs, "_pb2.py", "_pb2_grpc.py"),
        flags = ["--python_out=$(GENDIR)", "--grpc_out=$(GENDIR)"],
        plugin = _PYTHON_PLUGIN,
    )
    native.py_library(
        name = name + "_py_grpc",
        srcs = _outputs(srcs, "_pb2.py", "_pb2_grpc.py"),
        srcs_version = "PY3",
        visibility = visibility,
    )
