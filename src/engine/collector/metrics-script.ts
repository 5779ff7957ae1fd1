// The programs that look at /proc on a host, for any awk and for a bare POSIX shell; they write nothing and know nothing of who asks.

/**
 * Lines in: `W` forgets the watched units, `w KEY PATH` (tabs between) adds a control group to a unit, `tSEQ` asks for a look. Lines out:
 * `NSEQ` names cores, interfaces, disks and units where they changed, `FSEQ:COUNT:DELTAS` is a look: every number as its signed
 * difference from the look before, `~5` for five that stood still. R is a prefix of all paths, for tests.
 */
const awkProgram = String.raw`
function put(x) { V[++n] = x + 0 }
function deltas(   i, d, z, s) {
  s = ""; z = 0
  for (i = 1; i <= n; i++) {
    d = V[i] - P[i]
    if (d == 0) { z++; continue }
    if (z) { s = s (z > 1 ? "~" z : "~"); z = 0 }
    s = s sprintf("%+.0f", d)
    P[i] = V[i]
  }
  return s
}
function whole(name,   f, ok, l) {
  if (name in WHOLE) return WHOLE[name]
  f = R "/sys/block/" name "/stat"
  ok = (getline l < f) >= 0
  close(f)
  if (!ok) { l = name; sub(/[0-9]+$/, "", l); ok = l == name || !(l in WHOLE || (sub(/p$/, "", l) && l in WHOLE)) }
  return WHOLE[name] = ok
}
function one(f,   l) { l = ""; if ((getline l < f) < 0) l = ""; close(f); return l }
function procs(k, i,   f, j, l) {
  if ((k, i) in FILE) return FILE[k, i]
  for (j = 1; j <= 3; j++) {
    f = R "/sys/fs/cgroup" ROOT[j] PATH[k, i] "/cgroup.procs"
    if ((getline l < f) < 0) continue
    close(f)
    if (i == 1) accounts(k, R "/sys/fs/cgroup" ROOT[j] PATH[k, i], PATH[k, i])
    return FILE[k, i] = f
  }
  return ""
}
function accounts(k, dir, path) {
  CPU[k] = MEM[k] = ""
  if (one(dir "/cpu.stat") ~ /^usage_usec/) CPU[k] = dir "/cpu.stat"
  else if (one(R "/sys/fs/cgroup/cpuacct" path "/cpuacct.usage") != "") CPU[k] = R "/sys/fs/cgroup/cpuacct" path "/cpuacct.usage"
  if (one(dir "/memory.current") != "") MEM[k] = dir "/memory.current"
  else if (one(R "/sys/fs/cgroup/memory" path "/memory.usage_in_bytes") != "") MEM[k] = R "/sys/fs/cgroup/memory" path "/memory.usage_in_bytes"
}
function unit(k,   i, f, g, r, found, count, seen, sum, grown, rss, own, id, ids, a, old, m, cpu, mem) {
  found = count = seen = sum = grown = rss = 0; ids = ""
  for (i = 1; i <= PATHS[k]; i++) {
    f = procs(k, i)
    if (f == "") continue
    r = 0
    while ((r = (getline pid < f)) > 0) {
      count++
      if (CPU[k] != "" && MEM[k] != "") continue
      g = R "/proc/" pid "/stat"
      if ((getline stat < g) <= 0) { close(g); continue }
      close(g)
      seen++
      sub(/^.*\) /, "", stat)
      split(stat, a, " ")
      own = a[12] + a[13]
      id = pid ":" a[20]
      sum += own + a[14] + a[15]
      if (!((k, id) in OWN)) grown += own
      else if (own > OWN[k, id]) grown += own - OWN[k, id]
      OWN[k, id] = own
      LIVE[id] = 1
      ids = ids " " id
      rss += a[22]
    }
    close(f)
    if (r < 0) { delete FILE[k, i]; continue }
    found = 1
  }
  m = split(IDS[k], old, " ")
  for (i = 1; i <= m; i++) if (!(old[i] in LIVE)) delete OWN[k, old[i]]
  split("", LIVE)
  IDS[k] = ids
  if (!found) { put(0); put(0); put(0); put(0); TICKS[k] = SUM[k] = 0; return }
  if (BASE[k]) { m = sum - SUM[k]; TICKS[k] += m > grown && m - grown <= LIMIT ? m : grown }
  BASE[k] = 1; SUM[k] = sum
  cpu = TICKS[k] * 1000 / HZ; mem = rss * PAGE / 1024
  if (CPU[k] != "") { f = one(CPU[k]); cpu = sub(/^usage_usec /, "", f) ? f / 1000 : f / 1000000 }
  if (MEM[k] != "") mem = one(MEM[k]) / 1024
  put(count > 0 && seen == 0 && (CPU[k] == "" || MEM[k] == "") ? 2 : 1)
  put(int(cpu)); put(int(mem)); put(count)
}
BEGIN {
  ROOT[1] = ""; ROOT[2] = "/systemd"; ROOT[3] = "/unified"
  units = 0
  print "quarterdeck 1 " NONCE " awk"
  fflush()
}
/^W/ {
  units = 0; split("", PATHS); split("", PATH); split("", FILE); split("", CPU); split("", MEM); split("", SLOT)
  next
}
/^w/ {
  split($0, w, "\t")
  if (!(w[2] in PATHS)) KEY[++units] = w[2]
  PATH[w[2], ++PATHS[w[2]]] = w[3]
  next
}
/^t/ {
  seq = substr($0, 2); n = 0; names = ""
  f = R "/proc/uptime"; l = one(f) + 0; put(int(l * 100 + 0.5)); passed = l - UP; UP = l; cores = 0
  split(one(R "/proc/loadavg"), a, " "); put(int(a[1] * 100 + 0.5)); put(int(a[2] * 100 + 0.5)); put(int(a[3] * 100 + 0.5))
  total = avail = guess = stotal = sfree = 0; have = 0; f = R "/proc/meminfo"
  while ((getline < f) > 0) {
    if ($1 == "MemTotal:") total = $2
    else if ($1 == "MemAvailable:") { avail = $2; have = 1 }
    else if ($1 == "MemFree:" || $1 == "Buffers:" || $1 == "Cached:") guess += $2
    else if ($1 == "SwapTotal:") stotal = $2
    else if ($1 == "SwapFree:") { sfree = $2; break }
  }
  close(f)
  put(total); put(have ? avail : guess); put(stotal); put(sfree)
  f = R "/proc/stat"
  while ((getline < f) > 0) {
    if (substr($1, 1, 3) != "cpu") break
    busy = $2 + $3 + $4 + $7 + $8 + $9
    put(busy)
    if ($1 == "cpu") put(busy + $5 + $6)
    else { names = names " " substr($1, 4); cores++ }
  }
  close(f)
  names = names "\t"; f = R "/proc/net/dev"
  while ((getline < f) > 0) {
    if (!(i = index($0, ":"))) continue
    l = substr($0, 1, i - 1); gsub(/ /, "", l)
    if (l == "lo" || l ~ SKIPNET) continue
    split(substr($0, i + 1), a, " ")
    put(a[1]); put(a[9]); names = names " " l
  }
  close(f)
  names = names "\t"; f = R "/proc/diskstats"
  while ((getline < f) > 0) {
    if ($3 ~ SKIPDISK || !whole($3)) continue
    put($6); put($10); names = names " " $3
  }
  close(f)
  names = names "\t"; LIMIT = (passed * cores + 0.1) * HZ
  for (u = 1; u <= units; u++) { names = names " " KEY[u]; unit(KEY[u]) }
  if (names != NAMES) { print "N" seq "\t" names; NAMES = names; split("", P) }
  print "F" seq ":" n ":" deltas()
  fflush()
}
`

/**
 * The same where there is no awk that answers line by line: plain copies of the files between `BSEQ` and `ESEQ`, by the shell alone, without
 * a single fork. `@NAME` starts a file, `@u KEY` a unit with lines `c` (µs), `m` (bytes), `p` (a process's stat) and `h` (a hidden one).
 */
const shellProgram = String.raw`
n='
'
t='	'
w=
copy() {
  o="$o@$1$n"
  while IFS= read -r l; do
    case $1:$l in
      stat:cpu*|meminfo:Mem*|meminfo:Buffers*|meminfo:Cached*|meminfo:Swap[TF]*|uptime:*|loadavg:*|net/dev:*:*|diskstats:*) o="$o$l$n" ;;
      stat:*) break ;;
    esac
  done <"$R/proc/$1"
}
first() {
  v=
  [ -r "$1" ] && IFS= read -r v <"$1"
}
unit() {
  for g in '' /systemd /unified; do
    d=$R/sys/fs/cgroup$g$2
    [ -r "$d/cgroup.procs" ] || continue
    o="$o@u $1$n"
    first "$d/cpu.stat"
    case $v in usage_usec*) o="$o""c $\{v#usage_usec }$n" ;; esac
    first "$d/memory.current"
    [ -n "$v" ] && o="$o""m $v$n"
    while IFS= read -r p; do
      first "$R/proc/$p/stat"
      if [ -n "$v" ]; then o="$o""p $v$n"; else o="$o""h $p$n"; fi
    done <"$d/cgroup.procs"
    return
  done
  o="$o@u $1$n"'a'"$n"
}
printf 'quarterdeck 1 %s sh\n' "$NONCE"
while IFS= read -r line; do
  case $line in
    W*) w= ;;
    w*) w="$w$\{line#w$t}$n" ;;
    t*)
      o="B$\{line#t}$n"
      for f in uptime loadavg stat meminfo diskstats net/dev; do copy "$f" 2>/dev/null; done
      IFS=$n
      for x in $w; do unit "$\{x%%$t*}" "$\{x#*$t}" 2>/dev/null; done
      unset IFS
      printf '%sE%s\n' "$o" "$\{line#t}"
      ;;
  esac
done
`.replaceAll('$\\{', '${')

/** Chooses what the host has. `getconf` and the test of awk are all that forks, once per connection. */
const launcher = `
LC_ALL=C NONCE=$1 R=$3; export LC_ALL NONCE R
if [ "$2" = awk ] && [ "$(echo 'a b' | awk '{ print $2 }' 2>/dev/null)" = b ]; then
  hz=$(getconf CLK_TCK 2>/dev/null) || hz=100
  page=$(getconf PAGESIZE 2>/dev/null) || page=4096
  case $(awk -W version 2>&1 </dev/null) in mawk*) interactive='-W interactive' ;; *) interactive= ;; esac
  exec awk $interactive -v HZ="$hz" -v PAGE="$page" -v NONCE="$1" -v R="$3" -v SKIPNET="$6" -v SKIPDISK="$7" "$4"
fi
exec sh -c "$5"
`

/** The command that starts a looker on a host: `awk` falls back to `sh` by itself where there is no awk. */
export function metricsCommand(options: {
  nonce: string
  mode: 'awk' | 'sh'
  skipInterfaces: RegExp
  skipDisks: RegExp
  /** A prefix of all paths, for tests on recorded trees. */
  root?: string
}): string[] {
  const { nonce, mode, root = '', skipInterfaces, skipDisks } = options
  return [
    'sh',
    '-c',
    launcher,
    'sh',
    nonce,
    mode,
    root,
    awkProgram,
    shellProgram,
    skipInterfaces.source,
    skipDisks.source,
  ]
}
