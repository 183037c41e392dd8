# Shell library: the Debian packages the project needs, and their installation when missing.
# Source it; the lists below and bazel/system_libraries.bzl are the only places that name packages of
# the build and the tests. (What an image's build needs besides is in its Containerfile.)
# shellcheck shell=bash
# shellcheck disable=SC2034  # The lists are read by those who source this.

# What the build needs.
SIPCM_BUILD_PACKAGES=(
  bazel-bootstrap        # Bazel 4.2
  bazel-rules-java       # loaded by Bazel's own tools
  g++
  pkg-config
  python3
  libabsl-dev
  libbenchmark-dev
  libc-ares-dev
  libcli11-dev
  libcpp-httplib-dev
  libevent-dev
  libidn2-dev
  libgmock-dev
  libgrpc++-dev
  libgtest-dev
  libprotobuf-dev
  libspdlog-dev
  libssl-dev
  prometheus-cpp-dev
  protobuf-compiler
  protobuf-compiler-grpc
)

# What the quickstart and the integration tests need besides: real peers and the Python application.
SIPCM_PEER_PACKAGES=(
  ca-certificates        # whom outgoing TLS trusts without a trust bundle
  iproute2               # addresses for the network that tests make for themselves
  openssl
  procps
  python3-grpcio
  python3-protobuf
  sip-tester             # sipp
  socat                  # carries sipp over TLS: Debian's is built without
)

# What the checks of tests/run need besides: analysis, fuzzing, comparison.
SIPCM_CHECK_PACKAGES=(
  clang
  clang-format
  clang-tidy
  libclang-rt-14-dev     # sanitizers and libFuzzer for clang
  libosip2-dev           # a second SIP parser, to compare ours with
  valgrind               # counts instructions
)

# What tests/benchmark/run measures sipcm by, and draws with; it makes do without them.
SIPCM_BENCHMARK_PACKAGES=(
  kamailio
  kamailio-extra-modules # evapi
  kamailio-tls-modules
  python3-matplotlib
)

# SIP products that tests/interop talks to, each of which may be missing: test and its packages.
SIPCM_INTEROP_PACKAGES=(
  "sipp sip-tester socat"
  "sipsak sipsak"
  "kamailio kamailio kamailio-outbound-modules kamailio-tls-modules"
  "baresip baresip-core kamailio kamailio-outbound-modules kamailio-tls-modules"
)
SIPCM_INTEROP_NPM=sip@0.0.6

# What deploy/container/build needs besides.
SIPCM_CONTAINER_PACKAGES=(
  buildah
  mmdebstrap             # makes the base image where no registry can be reached
)

# Prints those of the named packages that are not installed.
sipcm_missing_packages() {
  local package
  for package in "$@"; do
    if [[ "$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]]
    then
      echo "$package"
    fi
  done
}

# Installs its arguments. Services that packages bring (Kamailio's) are not started: invoke-rc.d and
# systemd's deb-systemd-invoke ask policy-rc.d, which says 101, "forbidden".
# shellcheck disable=SC2016  # For the shell that installs.
SIPCM_INSTALL='
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap "rm -f $policy" EXIT
    printf "#!/bin/sh\nexit 101\n" >"$policy"
    chmod 755 "$policy"
  fi
  apt-get install -y -qq --no-install-recommends "$@" >/dev/null
'

# Installs those of the named packages that are missing, as root or with sudo.
# Returns non-zero, with one line on what to do, when it cannot.
sipcm_require_packages() {
  local missing as_root=()
  mapfile -t missing < <(sipcm_missing_packages "$@")
  if ((${#missing[@]} == 0)); then return 0; fi

  local remedy="run as root: apt-get update && apt-get install --no-install-recommends ${missing[*]}"
  if ! command -v apt-get >/dev/null; then
    echo "error: missing packages [${missing[*]}] and no apt-get here; sipcm is built on Debian 12" >&2
    return 1
  fi
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "error: missing packages, not root and no sudo; $remedy" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  echo "Installing ${missing[*]}"
  # env: sudo drops the variable otherwise.
  if ! { "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive sh -c "$SIPCM_INSTALL" sh \
      "${missing[@]}"; }; then
    echo "error: installing packages failed (see above); $remedy" >&2
    return 1
  fi
}
