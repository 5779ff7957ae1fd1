#!/bin/sh
# Undoes test hosts: the one place that knows how, for a clean end, for Ctrl-C, and for the leftovers of a killed run.
# It must need nothing but a shell and iproute2, because it also runs after its owner is gone.
# usage: reap.sh slot N | reap.sh stale | reap.sh watch PID START   (watch: reaps that owner's hosts once stdin ends)
set -u
run=/run/quarterdeck-test
PATH=/usr/sbin:/usr/bin:/sbin:/bin

# Field 22 of /proc/PID/stat, nothing for a zombie: kill -0 says that a zombie is alive.
start_of() {
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  set -- ${stat##*) }
  case $1 in Z | X) ;; *) echo "${20}" ;; esac
}

# A process is known by pid and start together: pids come back.
alive() {
  [ -n "$2" ] && [ "$(start_of "$1")" = "$2" ]
}

owner_alive() {
  read -r pid start _ < "$1/owner" 2>/dev/null || return 1
  alive "$pid" "$start"
}

cgroups_of() {
  for top in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup/cpuacct /sys/fs/cgroup; do
    [ -d "$top/quarterdeck-test/$1" ] && echo "$top/quarterdeck-test/$1"
  done
}

kill_slot() {
  tries=0
  while [ $tries -lt 250 ]; do
    pids=$(for group in $(cgroups_of "$1"); do find "$group" -name cgroup.procs -exec cat {} +; done 2>/dev/null | sort -un | grep -vx 0)
    [ -z "$pids" ] && return 0
    kill -KILL $pids 2>/dev/null
    tries=$((tries + 1))
    sleep 0.02
  done
  echo "reap: processes of host $1 outlive SIGKILL: $pids" >&2
}

reap_slot() {
  case $1 in '' | *[!0-9]*) return 1 ;; esac
  slot=$run/$1
  [ -d "$slot" ] || return 0
  # Two that reap the same slot go one after the other; the second must not touch a new host that has got the number meanwhile.
  exec 8< "$slot" && flock 8 && [ "$slot" -ef /proc/self/fd/8 ] || return 0
  kill_slot "$1"
  ip link del "qdt$1" 2>/dev/null
  ip netns del "qdt-$1" 2>/dev/null
  # What systemd-nspawn keeps outside of us, and cannot remove when it is killed.
  nspawn=/run/systemd/nspawn
  mountpoint -q "$slot/root" && rm -f "$nspawn/locks/$(stat -c 'inode-%d:%i' "$slot/root")"
  umount "$nspawn/unix-export/qdt-$1" 2>/dev/null
  rmdir "$nspawn/propagate/qdt-$1" "$nspawn/unix-export/qdt-$1" 2>/dev/null
  base=$(($1 * 4))
  ip route del unreachable "10.77.$((base / 256)).$((base % 256))/30" 2>/dev/null
  for at in "$slot/root" "$slot/fs"; do
    tries=0
    while mountpoint -q "$at"; do
      umount "$at" 2>/dev/null && continue
      tries=$((tries + 1))
      # Somebody's shell may stand in there: it must not keep the host from going.
      [ $tries -gt 50 ] && umount -l "$at"
      sleep 0.02
    done
  done
  for group in $(cgroups_of "$1"); do find "$group" -depth -type d -exec rmdir {} + 2>/dev/null; done
  # As long as the folder has its number it has its owner file, too.
  mv "$slot" "$run/.gone-$1-$$"
  exec 8<&-
  rm -rf --one-file-system "$run/.gone-$1-$$"
}

reap_stale() {
  rm -rf --one-file-system "$run"/.gone-*
  for slot in "$run"/[0-9]*; do
    [ -d "$slot" ] || continue
    owner_alive "$slot" || reap_slot "${slot##*/}"
  done
  for draft in "$run"/.new-*; do
    [ -d "$draft" ] || continue
    name=${draft##*/.new-}
    rest=${name#*-}
    alive "${name%%-*}" "${rest%%-*}" || rm -rf --one-file-system "$draft"
  done
}

reap_owner() {
  for slot in "$run"/[0-9]*; do
    [ -d "$slot" ] || continue
    read -r pid start _ < "$slot/owner" 2>/dev/null || continue
    [ "$pid $start" = "$1 $2" ] && reap_slot "${slot##*/}"
  done
}

mkdir -p "$run"
case ${1-} in
  slot) reap_slot "$2" ;;
  stale)
    exec 9> "$run/.lock"
    flock 9
    reap_stale
    ;;
  watch)
    trap '' INT TERM HUP
    cat > /dev/null
    exec 9> "$run/.lock"
    flock 9
    reap_owner "$2" "$3"
    ;;
  *) echo 'usage: reap.sh slot N | stale | watch PID START' >&2; exit 2 ;;
esac
