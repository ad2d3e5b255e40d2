#!/bin/sh
# For trying out: `certificates.sh` makes an authority, certificates of a server and of two clients, and a revocation list; `certificates.sh revoke NAME` puts one on it.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p certificates
cd certificates

# openssl ca keeps what was issued and revoked in a file.
cat > authority.cnf <<'END'
[ca]
default_ca = authority
[authority]
database = index
default_md = sha256
crlnumber = crlnumber
default_crl_days = 7
END

list() {
  # Put in place whole: the gateway watches the file.
  openssl ca -config authority.cnf -gencrl -keyfile authority.key -cert authority.pem -out crl.new
  mv crl.new crl.pem
}

# NAME SUBJECT PURPOSE ALTERNATIVE-NAME
issue() {
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$2" -keyout "$1.key" -out "$1.csr"
  printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=%s\nsubjectAltName=%s\n' "$3" "$4" > "$1.ext"
  openssl x509 -req -in "$1.csr" -CA authority.pem -CAkey authority.key -days 30 -extfile "$1.ext" -out "$1.pem"
}

if [ "${1:-}" = revoke ]; then
  openssl ca -config authority.cnf -revoke "$2.pem" -keyfile authority.key -cert authority.pem -crl_reason keyCompromise
  list
  exit
fi

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj '/O=Acme/CN=Acme authority' \
  -addext 'keyUsage=critical,keyCertSign,cRLSign' -keyout authority.key -out authority.pem
: > index
echo 01 > crlnumber
issue server /CN=localhost serverAuth DNS:localhost,IP:127.0.0.1
issue billing '/O=Acme/CN=billing' clientAuth URI:spiffe://acme/billing
issue leaver '/O=Acme/CN=leaver' clientAuth URI:spiffe://acme/leaver
list
