#!/bin/sh
# Installs the Debian packages that the tests and the benchmark compare with and drive: nginx, haproxy, caddy, wrk, nghttp2's clients, sslscan, testssl.sh,
# Chromium and PostgreSQL.
#
# Does nothing when all are there. Else it needs root, because apt-get does. It starts and enables no service: the tests and the
# benchmark run these programs themselves, in the foreground, on configurations and ports of their own.
set -eu

missing=''
for pair in nginx:nginx-light haproxy:haproxy caddy:caddy wrk:wrk nghttp:nghttp2-client curl:curl sslscan:sslscan testssl:testssl.sh chromium:chromium; do
  # nginx and haproxy live in sbin, which a user's PATH need not hold.
  PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
# Debian keeps PostgreSQL's programs off the path, by version.
set -- /usr/lib/postgresql/*/bin/postgres
[ -x "$1" ] || missing="$missing postgresql"

if [ -z "$missing" ]; then
  echo 'install-debian: nginx, haproxy, caddy, wrk, nghttp2-client, curl, sslscan, testssl.sh, Chromium and PostgreSQL are installed'
  exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "install-debian: missing:$missing; run this as root to install them" >&2
  exit 1
fi
if ! command -v apt-get >/dev/null 2>&1; then
  echo "install-debian: missing:$missing; there is no apt-get here, install them as your system does" >&2
  exit 1
fi

# A package's script starts its service unless this answers 101 (policy-rc.d: action forbidden). One that stands already is kept.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

# Nor does PostgreSQL make a database of its own: the tests make theirs. Settings that stand already are kept.
cluster=/etc/postgresql-common/createcluster.conf
case "$missing" in *postgresql*)
  if [ ! -e "$cluster" ]; then
    mkdir -p "${cluster%/*}"
    echo 'create_main_cluster = false' >"$cluster"
  fi
  ;;
esac

echo "install-debian: installing$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
# shellcheck disable=SC2086 # a list of package names, split on purpose
apt-get install -q -y --no-install-recommends -o Dpkg::Options::=--force-confold $missing
