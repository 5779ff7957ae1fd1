#!/bin/sh
# Lays the ground that a host boots on: overlay file system, network namespace with its link, control groups. Undone by reap.sh.
# usage: raise-host.sh N ROOTFS LINK_OUTER_NETNS   (the last is empty where the link ends in this machine's own network)
set -eu
n=$1 rootfs=$2 behind=$3
slot=/run/quarterdeck-test/$n
PATH=/usr/sbin:/usr/bin:/sbin:/bin
base=$((n * 4))
net=10.77.$((base / 256)).
last=$((base % 256))

# Each guest's systemd, logind and dbus take a handful of these; the kernel's default is enough for a dozen guests.
inotify=/proc/sys/fs/inotify/max_user_instances
[ "$(cat $inotify)" -ge 8192 ] || echo 8192 > $inotify

mkdir "$slot/fs" "$slot/root"
mount -t tmpfs -o size=12G,mode=755 "qdt-$n" "$slot/fs"
mkdir "$slot/fs/upper" "$slot/fs/work"
mount -t overlay "qdt-$n" -o "lowerdir=$rootfs,upperdir=$slot/fs/upper,workdir=$slot/fs/work" "$slot/root"

ip netns add "qdt-$n"
ip link add "qdt$n" type veth peer name eth0 netns "qdt-$n"
if [ -n "$behind" ]; then
  ip link set "qdt$n" netns "$behind"
  ip -n "$behind" addr add "$net$((last + 1))/30" dev "qdt$n"
  ip -n "$behind" link set "qdt$n" up
  # Nobody but the jump host knows a way there, and packets for it must not wander off to this machine's uplink.
  ip route add unreachable "$net$last/30"
else
  ip addr add "$net$((last + 1))/30" dev "qdt$n"
  ip link set "qdt$n" up
fi
ip -n "qdt-$n" addr add "$net$((last + 2))/30" dev eth0
ip -n "qdt-$n" link set lo up
ip -n "qdt-$n" link set eth0 up

# A cgroup of its own: guests that share one would see and empty each other's units. cpuacct measures the guest for benches.
for top in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup/cpuacct; do
  [ -d "$top" ] && mkdir -p "$top/quarterdeck-test/$n"
done
[ -e /sys/fs/cgroup/cgroup.controllers ] && mkdir -p "/sys/fs/cgroup/quarterdeck-test/$n"
exit 0
