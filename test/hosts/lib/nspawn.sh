#!/bin/sh
# Becomes the systemd-nspawn of one host, inside the host's control group, and dies with whoever started it.
# usage: nspawn.sh N HOSTNAME
set -eu
n=$1 name=$2
for top in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup/cpuacct /sys/fs/cgroup; do
  group=$top/quarterdeck-test/$n
  [ -d "$group" ] && echo $$ > "$group/cgroup.procs"
done
# systemd of Debian 13 wants to be asked twice before it runs on the old control groups.
export SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1
exec setpriv --pdeathsig KILL systemd-nspawn -q -D "/run/quarterdeck-test/$n/root" --register=no --keep-unit \
  --network-namespace-path="/run/netns/qdt-$n" --machine="qdt-$n" --hostname="$name" --resolv-conf=off --timezone=off --link-journal=no \
  --console=pipe \
  --boot SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1
