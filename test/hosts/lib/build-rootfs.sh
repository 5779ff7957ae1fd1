#!/bin/sh
# Builds one root file system in a temporary folder and renames it into place; knows nothing of hosts. Run under flock, one at a time per suite.
# usage: build-rootfs.sh CACHE NAME SUITE PACKAGES PREPARE CUSTOMISE
set -eu
cache=$1 name=$2 suite=$3 packages=$4 prepare=$5 customise=$6
final=$cache/rootfs/$name
[ -d "$final" ] && exit 0
mkdir -p "$cache/rootfs" "$cache/archives/$suite"

# What an interrupted build of this suite left behind; we hold the suite's lock, so nobody is working in it.
for old in "$cache"/rootfs/.building-"$suite"-*; do
  [ -d "$old" ] || continue
  umount "$old/proc" "$old/sys" 2>/dev/null || true
  rm -rf --one-file-system "$old"
done

target=$cache/rootfs/.building-$suite-$$
export target
mkdir -p "$target"
log=$cache/build-$suite.log
trap 'umount "$target/proc" "$target/sys" 2>/dev/null || true; rm -rf --one-file-system "$target"' EXIT
trap 'exit 130' INT TERM HUP
{
  sh -c "$prepare"
  LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive debootstrap --variant=minbase --merged-usr --cache-dir="$cache/archives/$suite" \
    --include="$packages" "$suite" "$target" ${QUARTERDECK_TEST_MIRROR:+"$QUARTERDECK_TEST_MIRROR"}
  chroot "$target" /bin/sh -c "$customise"
} >"$log" 2>&1 </dev/null || {
  echo "building the $suite root file system failed; the end of $log:" >&2
  tail -n 25 "$log" >&2
  exit 1
}
umount "$target/proc" "$target/sys" 2>/dev/null || true
mv "$target" "$final"
trap - EXIT
# Images of older recipes are of no use to this checkout, but perhaps to another one that runs now: only what is long unused goes.
find "$cache/rootfs" -mindepth 1 -maxdepth 1 -name "$suite-*" ! -name "$name" -mtime +14 -exec rm -rf --one-file-system {} +
