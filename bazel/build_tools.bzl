"""What Bazel's own tools load from outside, answered by local repositories.

Debian ships Bazel 4.2 without @rules_cc of a fitting age, and no coverage tools. Both are only
named by Bazel's embedded tools; a re-export of the native rules and an empty target satisfy them.
"""

_NATIVE_CC_RULES = [
    "cc_binary",
    "cc_import",
    "cc_library",
    "cc_proto_library",
    "cc_test",
    "cc_toolchain",
    "cc_toolchain_suite",
    "fdo_prefetch_hints",
    "fdo_profile",
    "objc_import",
    "objc_library",
]

def _native_rules_cc_impl(repository_ctx):
    exports = ["%s = native.%s" % (rule, rule) for rule in _NATIVE_CC_RULES]
    repository_ctx.file("WORKSPACE", "workspace(name = \"rules_cc\")\n")
    repository_ctx.file("cc/BUILD.bazel", "exports_files([\"defs.bzl\"])\n")
    repository_ctx.file("cc/defs.bzl", "\n".join(exports) + "\n")

_native_rules_cc = repository_rule(implementation = _native_rules_cc_impl)

def _empty_coverage_tools_impl(repository_ctx):
    repository_ctx.file("WORKSPACE", "workspace(name = \"remote_coverage_tools\")\n")
    repository_ctx.file("BUILD.bazel", """
filegroup(
    name = "coverage_report_generator",
    visibility = ["//visibility:public"],
)
""")

_empty_coverage_tools = repository_rule(implementation = _empty_coverage_tools_impl)

def build_tools():
    _native_rules_cc(name = "rules_cc")
    _empty_coverage_tools(name = "remote_coverage_tools")
    native.local_repository(
        name = "rules_java",
        path = "/usr/share/bazel/rules/java",
    )
