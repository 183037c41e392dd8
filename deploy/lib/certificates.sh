# Shell library: a throw-away certification authority and certificates from it, with openssl.
# Source it. All files are PEM, keys are P-256 and unencrypted: for demonstrations and tests only.
# shellcheck shell=bash

# Makes FOLDER/NAME.pem and NAME.key: an authority that is good for two days.
sipcm_make_authority() {
  local folder=$1 name=$2
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 2 -sha256 \
    -keyout "$folder/$name.key" -out "$folder/$name.pem" -subj "/CN=sipcm throw-away $name" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
    2>"$folder/openssl.log"
}

# Makes FOLDER/NAME.pem and NAME.key, issued by FOLDER/AUTHORITY.pem.
#   sipcm_make_certificate FOLDER AUTHORITY NAME SUBJECT_ALTERNATIVE_NAMES [EXTENDED_KEY_USAGE]
sipcm_make_certificate() {
  local folder=$1 authority=$2 name=$3 alternatives=$4 usage=${5:-serverAuth,clientAuth}
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -sha256 \
    -keyout "$folder/$name.key" -subj "/CN=$name" 2>>"$folder/openssl.log" |
    openssl x509 -req -days 2 -sha256 -CA "$folder/$authority.pem" -CAkey "$folder/$authority.key" \
      -out "$folder/$name.pem" -extfile <(printf '%s\n' \
        "subjectAltName=$alternatives" "extendedKeyUsage=$usage" \
        basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature) \
      2>>"$folder/openssl.log"
}
