# Shell library: waiting for conditions, and children that are stopped by their process ids.
# Source it.
# shellcheck shell=bash

# Ids of the children that are to be stopped, the latest first.
SIPCM_CHILDREN=()

# Runs a command in the background; its output goes to LOG. SIPCM_CHILD is its id.
#   sipcm_start LOG COMMAND [ARGUMENT...]
sipcm_start() {
  local log=$1
  shift
  "$@" >"$log" 2>&1 </dev/null &
  SIPCM_CHILD=$!
  disown "$SIPCM_CHILD"  # Else bash reports the signals that we end it with.
  SIPCM_CHILDREN=("$SIPCM_CHILD" "${SIPCM_CHILDREN[@]}")
}

# Repeats a command until it succeeds. Fails when it has not after so many seconds.
#   sipcm_wait_until SECONDS COMMAND [ARGUMENT...]
sipcm_wait_until() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS >= end)); then return 1; fi
    sleep 0.05
  done
}

sipcm_is_gone() { ! kill -0 "$1" 2>/dev/null; }

# Ends one child: SIGTERM, after 10 seconds SIGKILL. Fine when it has ended already.
sipcm_stop() {
  local child=$1 each rest=()
  kill "$child" 2>/dev/null
  sipcm_wait_until 10 sipcm_is_gone "$child" || kill -9 "$child" 2>/dev/null
  for each in "${SIPCM_CHILDREN[@]}"; do
    if [[ $each != "$child" ]]; then rest+=("$each"); fi
  done
  SIPCM_CHILDREN=("${rest[@]}")
}

sipcm_stop_all() {
  while ((${#SIPCM_CHILDREN[@]} > 0)); do sipcm_stop "${SIPCM_CHILDREN[0]}"; done
}

# Whether nobody listens on 127.0.0.1:PORT.
sipcm_port_is_free() {
  /usr/bin/python3 - "$1" <<'PYTHON'
import socket, sys
with socket.socket() as probe:
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind(('127.0.0.1', int(sys.argv[1])))
    except OSError:
        sys.exit(1)
PYTHON
}

# The preferred port if it is free, else 0: the system chooses.
sipcm_usual_port() {
  if sipcm_port_is_free "$1"; then echo "$1"; else echo 0; fi
}

# A port of 127.0.0.1 that was free a moment ago.
sipcm_free_port() {
  /usr/bin/python3 -c 'import socket
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    print(probe.getsockname()[1])'
}
