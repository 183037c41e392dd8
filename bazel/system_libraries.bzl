"""The libraries the project stands on, named as their upstreams name them.

Keys are targets, values are pkg-config modules (or raw link flags). This file and
deploy/lib/packages.sh are the only places to change for another version or distribution.
"""

load("//bazel:system_repository.bzl", "system_repository")

_ABSL = {
    "absl/algorithm": ["absl_algorithm"],
    "absl/algorithm:container": ["absl_algorithm_container"],
    "absl/base": ["absl_base"],
    "absl/base:config": ["absl_config"],
    "absl/base:core_headers": ["absl_core_headers"],
    "absl/base:dynamic_annotations": ["absl_dynamic_annotations"],
    "absl/base:endian": ["absl_endian"],
    "absl/base:log_severity": ["absl_log_severity"],
    "absl/cleanup": ["absl_cleanup"],
    "absl/container:btree": ["absl_btree"],
    "absl/container:fixed_array": ["absl_fixed_array"],
    "absl/container:flat_hash_map": ["absl_flat_hash_map"],
    "absl/container:flat_hash_set": ["absl_flat_hash_set"],
    "absl/container:inlined_vector": ["absl_inlined_vector"],
    "absl/container:node_hash_map": ["absl_node_hash_map"],
    "absl/container:node_hash_set": ["absl_node_hash_set"],
    "absl/debugging:failure_signal_handler": ["absl_failure_signal_handler"],
    "absl/debugging:leak_check": ["absl_leak_check"],
    "absl/debugging:stacktrace": ["absl_stacktrace"],
    "absl/debugging:symbolize": ["absl_symbolize"],
    "absl/flags:config": ["absl_flags_config"],
    "absl/flags:flag": ["absl_flags"],
    "absl/flags:marshalling": ["absl_flags_marshalling"],
    "absl/flags:parse": ["absl_flags_parse"],
    "absl/flags:reflection": ["absl_flags_reflection"],
    "absl/flags:usage": ["absl_flags_usage"],
    "absl/flags:usage_internal": ["absl_flags_usage_internal"],
    "absl/functional:any_invocable": ["absl_any_invocable"],
    "absl/functional:bind_front": ["absl_bind_front"],
    "absl/functional:function_ref": ["absl_function_ref"],
    "absl/hash": ["absl_hash"],
    "absl/memory": ["absl_memory"],
    "absl/meta:type_traits": ["absl_type_traits"],
    "absl/numeric:bits": ["absl_bits"],
    "absl/numeric:int128": ["absl_int128"],
    "absl/random": ["absl_random_random"],
    "absl/random:bit_gen_ref": ["absl_random_bit_gen_ref"],
    "absl/random:distributions": ["absl_random_distributions"],
    "absl/random:seed_sequences": ["absl_random_seed_sequences"],
    "absl/status": ["absl_status"],
    "absl/status:statusor": ["absl_statusor"],
    "absl/strings": ["absl_strings"],
    "absl/strings:cord": ["absl_cord"],
    "absl/strings:str_format": ["absl_str_format"],
    "absl/synchronization": ["absl_synchronization"],
    "absl/time": ["absl_time"],
    "absl/types:any": ["absl_any"],
    "absl/types:compare": ["absl_compare"],
    "absl/types:optional": ["absl_optional"],
    "absl/types:span": ["absl_span"],
    "absl/types:variant": ["absl_variant"],
    "absl/utility": ["absl_utility"],
}

def system_libraries():
    """Declares every system library as an external repository."""
    system_repository(
        name = "com_google_absl",
        debian_package = "libabsl-dev",
        libraries = _ABSL,
    )
    system_repository(
        name = "openssl",
        debian_package = "libssl-dev",
        libraries = {
            ":crypto": ["libcrypto"],
            ":ssl": ["libssl", "libcrypto"],
        },
    )
    system_repository(
        name = "libevent",
        debian_package = "libevent-dev",
        libraries = {
            ":libevent": ["libevent_core", "libevent_pthreads"],
        },
    )
    system_repository(
        name = "libidn2",
        debian_package = "libidn2-dev",
        libraries = {":idn2": ["libidn2"]},
    )
    system_repository(
        name = "c_ares",
        debian_package = "libc-ares-dev",
        libraries = {":ares": ["libcares"]},
    )
    system_repository(
        name = "com_google_protobuf",
        debian_package = "protobuf-compiler",
        libraries = {
            ":protobuf": ["protobuf"],
            ":protobuf_lite": ["protobuf-lite"],
        },
        tools = [":protoc"],
    )
    system_repository(
        name = "com_github_grpc_grpc",
        debian_package = "libgrpc++-dev",
        libraries = {
            ":grpc++": ["grpc++"],
            # Upstream links it whole: it registers itself.
            ":grpc++_reflection": [
                ":grpc++",
                "-Wl,--push-state,--no-as-needed",
                "-lgrpc++_reflection",
                "-Wl,--pop-state",
                "-lprotobuf",
            ],
        },
    )
    system_repository(
        name = "com_github_grpc_plugins",
        debian_package = "protobuf-compiler-grpc",
        tools = [
            ":grpc_cpp_plugin",
            ":grpc_python_plugin",
        ],
    )
    system_repository(
        name = "com_google_googletest",
        debian_package = "libgmock-dev",
        libraries = {
            ":gtest": ["gmock", "gtest"],
            ":gtest_main": ["gmock_main", "gmock", "gtest"],
        },
    )
    system_repository(
        name = "com_github_google_benchmark",
        debian_package = "libbenchmark-dev",
        libraries = {
            ":benchmark": ["benchmark"],
            ":benchmark_main": ["-lbenchmark_main", ":benchmark"],
        },
    )
    system_repository(
        name = "spdlog",
        debian_package = "libspdlog-dev",
        libraries = {":spdlog": ["spdlog"]},
    )
    system_repository(
        name = "cpp_httplib",
        debian_package = "libcpp-httplib-dev",
        libraries = {":cpp_httplib": ["cpp-httplib"]},
    )
    system_repository(
        name = "cli11",
        debian_package = "libcli11-dev",
        libraries = {":cli11": ["CLI11"]},
    )
    system_repository(
        name = "prometheus_cpp",
        debian_package = "prometheus-cpp-dev",
        libraries = {":core": ["prometheus-cpp-core"]},
    )
    # Only for tests: a second SIP parser to compare ours with.
    system_repository(
        name = "osip2",
        debian_package = "libosip2-dev",
        libraries = {":osip2": ["libosip2"]},
    )
