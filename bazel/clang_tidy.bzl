"""clang-tidy as a Bazel aspect, so that only what changed is checked again.

    bazel build --config=tidy //core/... //server/...

Every source of a cc_library, cc_binary or cc_test is an action of its own; .clang-tidy at the root
says what is checked, headers come along with the sources that include them.
"""

_SOURCES = ["cc", "cpp"]

def _include_flags(compilation):
    flags = []
    for directory in compilation.quote_includes.to_list():
        flags += ["-iquote", directory]
    for directory in compilation.includes.to_list() + compilation.system_includes.to_list():
        flags += ["-isystem", directory]
    return flags + ["-D" + define for define in compilation.defines.to_list()]

def _check(ctx, source, headers, flags):
    stamp = ctx.actions.declare_file("%s.%s.tidy" % (ctx.label.name, source.basename))
    ctx.actions.run_shell(
        # Quiet when clean: the count of suppressed warnings of system headers is no news.
        command = """
            stamp=$1; shift
            if clang-tidy --quiet "$@" > "$stamp" 2>&1; then exit 0; fi
            grep -v 'warnings generated' "$stamp" | sed "s,^$PWD/\\(\\./\\)\\?,," >&2
            exit 1
        """,
        arguments = [stamp.path, source.path, "--"] + flags,
        inputs = depset([source] + ctx.files._config, transitive = [headers]),
        outputs = [stamp],
        mnemonic = "ClangTidy",
        progress_message = "Checking %s with clang-tidy" % source.short_path,
        use_default_shell_env = True,
    )
    return stamp

def _clang_tidy_impl(target, ctx):
    if CcInfo not in target or not hasattr(ctx.rule.attr, "srcs"):
        return [OutputGroupInfo(clang_tidy = depset())]
    compilation = target[CcInfo].compilation_context
    flags = ["-std=c++20", "-Wall", "-Wextra", "-Wthread-safety"] + _include_flags(compilation)
    stamps = [
        _check(ctx, source, compilation.headers, flags)
        for source in ctx.rule.files.srcs
        if source.extension in _SOURCES and source.is_source
    ]
    return [OutputGroupInfo(clang_tidy = depset(stamps))]

clang_tidy = aspect(
    implementation = _clang_tidy_impl,
    attrs = {
        "_config": attr.label(default = "//:.clang-tidy", allow_single_file = True),
    },
)
