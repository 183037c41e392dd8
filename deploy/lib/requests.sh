# Shell library: real SIP requests with sipp, over TCP and, through socat, over TLS. Source it after
# processes.sh.
# shellcheck shell=bash

# Sends one request and writes what passed to FOLDER/messages. Fails unless the answer is as the
# scenario wants it; then FOLDER/sipp.log and FOLDER/errors say why.
#   sipcm_request FOLDER SCENARIO USER VIA_TRANSPORT HOST:PORT
sipcm_request() {
  local folder=$1 scenario=$2 user=$3 via=$4 target=$5
  mkdir -p "$folder"
  rm -f "$folder/messages" "$folder/errors"
  # It wants a terminal type, not a terminal.
  TERM=${TERM:-dumb} timeout 20 sipp "$target" -sf "$scenario" -s "$user" -key via "$via" \
    -t t1 -i 127.0.0.1 -m 1 -timeout 10s -timeout_error -recv_timeout 8000 -nostdin \
    -trace_msg -message_file "$folder/messages" -trace_err -error_file "$folder/errors" \
    >"$folder/sipp.log" 2>&1 </dev/null
}

# The same over TLS: sipp speaks to a socat that speaks TLS. CERTIFICATE (a name without .pem in
# CREDENTIALS) is shown to the server; empty: none. The server is verified against ca.pem there.
#   sipcm_tls_request FOLDER SCENARIO USER HOST:PORT CREDENTIALS CERTIFICATE
sipcm_tls_request() {
  local folder=$1 scenario=$2 user=$3 target=$4 credentials=$5 certificate=$6 options answered=0
  mkdir -p "$folder"
  options=cafile=$credentials/ca.pem,verify=1,commonname=localhost,snihost=localhost
  if [[ -n $certificate ]]; then
    options+=,cert=$credentials/$certificate.pem,key=$credentials/$certificate.key
  fi
  : >"$folder/socat.log"
  sipcm_start "$folder/socat.log" socat -d -d TCP-LISTEN:0,bind=127.0.0.1 \
    "OPENSSL:$target,$options"
  local socat=$SIPCM_CHILD port
  if ! sipcm_wait_until 10 grep -q 'listening on' "$folder/socat.log"; then return 1; fi
  port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' "$folder/socat.log" | head -n 1)
  sipcm_request "$folder" "$scenario" "$user" TLS "127.0.0.1:$port" || answered=1
  # Not in order: on its way out socat waits for the other side's end of TLS.
  kill -9 "$socat" 2>/dev/null
  sipcm_stop "$socat"
  return "$answered"
}

# What passed, for reading: "> " in front of what was sent, "< " of what came back.
sipcm_show_messages() {
  awk '
    { sub(/\r$/, "") }
    /^-----------------------------------------------/ { prefix = ""; next }
    / message (sent|received) [[(][0-9]+[])] bytes/ || / message (sent|received) [[(][0-9]+ bytes/ {
      prefix = / sent / ? "  > " : "  < "
      if (shown++) print ""
      text = 0
      blank = 0
      next
    }
    prefix == "" || (!text && /^$/) { next }
    { text = 1 }
    /^$/ { blank++; next }
    { while (blank > 0) { print prefix; blank-- } print prefix $0 }
  ' "$1/messages"
}
