#!/bin/sh
# Installs what packages.txt names and is missing. Idempotent; as root or through sudo; nothing but
# apt-get is asked. Services that packages bring (nginx) are not started.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
missing=""
for package in $(grep -v '^#' "$here/packages.txt"); do
  state=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true)
  [ "$state" = "ii " ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null 2>&1 || {
    echo "install_packages: these packages are missing and need root:$missing" >&2
    echo "install_packages: run as root: apt-get install --no-install-recommends$missing" >&2
    exit 2
  }
  as_root="sudo"
fi

# While we install, no service may start: a machine that builds Relc serves nothing on port 80.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
  $as_root chmod 755 "$policy"
  trap '$as_root rm -f "$policy"' EXIT
fi
echo "installing:$missing"
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
