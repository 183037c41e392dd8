"""A library that the system has installed, seen by Bazel as an external repository.

Each target is a cc_library without files: the headers are in the compiler's own include path (so
their warnings are not ours), the link flags come from pkg-config when the repository is set up.
"""

def _link_flags(repository_ctx, module):
    command = ["pkg-config", "--libs", module]
    result = repository_ctx.execute(command)
    if result.return_code != 0:
        fail("`%s` failed: %s; install the Debian package \"%s\" (deploy/lib/packages.sh)" % (
            " ".join(command),
            result.stderr.strip(),
            repository_ctx.attr.debian_package,
        ))

    # A long closure repeats itself; the last mention is the one that orders static archives.
    flags = []
    for flag in reversed(result.stdout.replace("-Wl,--push-state,--as-needed", "")
        .replace("-Wl,--pop-state", "").split(" ")):
        flag = flag.strip()
        if flag and flag not in flags:
            flags.append(flag)
    return ["-Wl,--push-state,--as-needed"] + list(reversed(flags)) + ["-Wl,--pop-state"]

def _defines(repository_ctx, module):
    result = repository_ctx.execute(["pkg-config", "--cflags-only-other", module])
    return [
        flag[len("-D"):]
        for flag in result.stdout.strip().split(" ")
        if flag.startswith("-D") and flag != "-DNOMINMAX"
    ]

def _cc_library(repository_ctx, name, requirements):
    """Requirements are pkg-config modules, raw flags ("-lfoo") or labels of the same repository."""
    linkopts = []
    defines = []
    deps = []
    for requirement in requirements:
        if requirement.startswith("-"):
            linkopts.append(requirement)
        elif requirement.startswith("//") or requirement.startswith(":"):
            deps.append(requirement)
        else:
            linkopts += _link_flags(repository_ctx, requirement)
            defines += _defines(repository_ctx, requirement)
    return """
cc_library(
    name = "{name}",
    defines = {defines},
    linkopts = {linkopts},
    visibility = ["//visibility:public"],
    deps = {deps},
)
""".format(name = name, defines = repr(defines), linkopts = repr(linkopts), deps = repr(deps))

def _tool(repository_ctx, package, name):
    path = repository_ctx.which(name)
    if path == None:
        fail("\"%s\" is not on the PATH; install the Debian package \"%s\" (deploy/lib/packages.sh)" % (
            name,
            repository_ctx.attr.debian_package,
        ))
    repository_ctx.symlink(path, (package + "/" if package else "") + name)
    return "\nexports_files([\"%s\"])\n" % name

def _split(label):
    package, _, name = label.partition(":")
    return package, name if name else package.split("/")[-1]

def _system_repository_impl(repository_ctx):
    build_files = {}
    for label, requirements in repository_ctx.attr.libraries.items():
        package, name = _split(label)
        build_files[package] = (build_files.get(package, "") +
                                _cc_library(repository_ctx, name, requirements))
    for label in repository_ctx.attr.tools:
        package, name = _split(label)
        build_files[package] = build_files.get(package, "") + _tool(repository_ctx, package, name)
    repository_ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % repository_ctx.name)
    for package, content in build_files.items():
        repository_ctx.file((package + "/" if package else "") + "BUILD.bazel", content)

system_repository = repository_rule(
    implementation = _system_repository_impl,
    attrs = {
        "debian_package": attr.string(mandatory = True, doc = "Named in messages"),
        "libraries": attr.string_list_dict(doc = "\"package:target\" to its requirements"),
        "tools": attr.string_list(doc = "\"package:program\"; the program is found on the PATH"),
    },
    # Asked again whenever the Bazel server starts: packages may have been upgraded.
    local = True,
)
