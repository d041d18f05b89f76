#!/bin/sh
# Install Debian packages, as root, and start none of their services.
#
#   sh install.sh PACKAGE...
set -eu
policy=/usr/sbin/policy-rc.d
export DEBIAN_FRONTEND=noninteractive
if [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT
  printf '#!/bin/sh\nexit 101\n' >$policy
  chmod +x $policy
fi
apt-get update -qq
apt-get install -o DPkg::Lock::Timeout=300 -qq -y --no-install-recommends "$@" >/dev/null
