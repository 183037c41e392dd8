#!/usr/bin/python3
"""Checks that the code depends only along the arrows of ARCHITECTURE.md.

Two witnesses: the edges that `bazel query` reports, and the #include lines. Prints one line per
broken rule and exits 1 when there is any. Run from the workspace's root.
"""

import pathlib
import re
import subprocess
import sys

CORE_ORDER = [
    "core/base",
    "core/event",
    "core/net",
    "core/tls",
    "core/connection",
    "core/pool",
    "core/transaction",
    "core/dialog",
    "core/dispatch",
    "core/registration",
    "core/engine",
]

# Layer -> layers it may depend on. Deny by default: a folder that is not here is an error.
ALLOWED = {layer: set(CORE_ORDER[:i]) for i, layer in enumerate(CORE_ORDER)}
ALLOWED["core/sip"] = {"core/base"}
for _layer in CORE_ORDER[CORE_ORDER.index("core/connection"):]:
    ALLOWED[_layer].add("core/sip")
ALLOWED["proto"] = set()
ALLOWED["server"] = set(ALLOWED)
# What the server decides, without a server: `sipcm check-peer --offline` has to judge by the code of
# the handshake, so the command line may use this one package of the server, and nothing behind it.
ALLOWED["server/offline"] = set(ALLOWED)
# Errors and back-off are the same on both sides of the wire.
ALLOWED["clients"] = {"proto", "core/base", "server/offline"}

# What an external library is, as a Bazel repository and as an #include, and who may name it.
EXTERNAL = [
    # (name, repository, include pattern, layers)
    ("OpenSSL", "@openssl", r"openssl/", {"core/tls"}),
    ("libidn2", "@libidn2", r"idn2\.h", {"core/tls"}),
    ("libevent", "@libevent", r"event2?/|event\.h|evutil", {"core/event", "core/net"}),
    (
        "sockets",
        None,
        r"sys/socket\.h|sys/un\.h|netinet/|arpa/inet\.h|netdb\.h|sys/epoll\.h",
        {"core/event", "core/net"},
    ),
    ("c-ares", "@c_ares", r"ares[._]", {"core/net"}),
    ("oSIP", "@osip2", r"osip(parser)?2/", set()),  # a peer of our parser, for tests only
    ("gRPC", "@com_github_grpc_grpc", r"grpc(pp)?/|.*\.grpc\.pb\.h", {"server", "clients", "proto"}),
    (
        "protobuf",
        "@com_google_protobuf",
        r"google/protobuf/|.*\.pb\.h",
        {"server", "clients", "proto"},
    ),
]

CHECKED_ROOTS = ["core", "server", "clients", "proto"]


def layer_of(path):
    """The layer that a package path or a file path belongs to, or None."""
    parts = path.split("/")
    for length in (2, 1):
        candidate = "/".join(parts[:length])
        if candidate in ALLOWED:
            return candidate
    return None


def has_packages(folder):
    return any(pathlib.Path(folder).rglob("BUILD.bazel"))


def may_name(path, owners):
    return any(path == owner or path.startswith(owner + "/") for owner in owners)


def query_edges(roots):
    """Direct dependencies of all rules under the roots, as (label, label)."""
    expression = " + ".join("deps(//%s/...)" % root for root in roots)
    graph = subprocess.run(
        ["bazel", "query", "--noshow_progress", "--noimplicit_deps", "--nograph:factored",
         "--output=graph", expression],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    return re.findall(r'^\s*"([^"]+)" -> "([^"]+)"', graph, re.MULTILINE)


def check_edge(source, target):
    """The broken rule of one dependency, or None."""
    package = source[2:].split(":")[0]
    layer = layer_of(package)
    if layer is None:
        return "%s is in no known layer; add its folder to tests/layers.py" % source
    if target.startswith("@"):
        repository = target.split("//")[0]
        for name, owner_repository, _, owners in EXTERNAL:
            # Only the library itself: protoc and the plugins are tools.
            if repository == owner_repository and not may_name(package, owners):
                return "%s depends on %s: %s is named only in %s" % (
                    source, target, name, ", ".join(sorted(owners)) or "tests")
        return None
    target_package = target[2:].split(":")[0]
    if target_package == "bazel" or target_package.startswith("bazel/"):
        return None
    target_layer = layer_of(target_package)
    if target_layer != layer and target_layer not in ALLOWED[layer]:
        return "%s depends on %s: %s may depend on %s only" % (
            source, target, layer, ", ".join(sorted(ALLOWED[layer])) or "nothing")
    return None


def check_include(path, include):
    """The broken rule of one #include line, or None."""
    layer = layer_of(path)
    if layer is None:
        return "%s is in no known layer; add its folder to tests/layers.py" % path
    for name, _, pattern, owners in EXTERNAL:
        if re.match(pattern, include) and not may_name(path, owners):
            return "%s includes <%s>: %s is named only in %s" % (
                path, include, name, ", ".join(sorted(owners)) or "tests")
    included = layer_of(include)
    if include.split("/")[0] in CHECKED_ROOTS + ["tests"] and included != layer:
        if included not in ALLOWED[layer]:
            return "%s includes \"%s\": %s may include %s only" % (
                path, include, layer, ", ".join(sorted(ALLOWED[layer])) or "nothing")
    return None


def includes(roots):
    """All (file, included path) under the roots."""
    for root in roots:
        for path in sorted(pathlib.Path(root).rglob("*")):
            if path.suffix not in (".h", ".cc") or "node_modules" in path.parts:
                continue
            for include in re.findall(r'^\s*#\s*include\s*[<"]([^">]+)[">]',
                                      path.read_text(), re.MULTILINE):
                yield str(path), include


def core_tests_reaching_grpc():
    """Tests of core/ stay free of gRPC, so that ThreadSanitizer can run them."""
    if not has_packages("tests/core"):
        return []
    reached = subprocess.run(
        ["bazel", "query", "--noshow_progress", "--noimplicit_deps",
         "rdeps(//tests/core/..., @com_github_grpc_grpc//:all) intersect //tests/core/..."],
        check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return ["%s reaches gRPC: tests of core/ stand on core/ alone" % label for label in reached]


def main():
    roots = [root for root in CHECKED_ROOTS if has_packages(root)]
    edges = query_edges(roots)
    sources = [edge for edge in edges if edge[0].startswith(tuple("//%s" % r for r in roots))]
    lines = list(includes(roots))
    broken = [check_edge(*edge) for edge in sources] + [check_include(*line) for line in lines]
    broken = sorted({rule for rule in broken if rule}) + core_tests_reaching_grpc()
    for rule in broken:
        print(rule)
    print("%d dependencies and %d includes checked, %d broken" % (
        len(sources), len(lines), len(broken)))
    return 1 if broken or not sources or not lines else 0


if __name__ == "__main__":
    sys.exit(main())
