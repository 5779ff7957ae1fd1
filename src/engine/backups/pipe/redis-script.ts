// The POSIX sh that reads, checks, stages and tries a Redis file on the host; knows no protocol and no spec.
import { pipeTools } from './pipe-script.ts'

/**
 * Gives out the file. argv: path, the server's own time of its last save. A file that is older is another server's, such as that of a container. What
 * is opened is read to its end whatever the server puts in its place meanwhile.
 */
export const redisRead = `${pipeTools}
[ -e "$1" ] || fail NOT_FOUND "Redis says that it keeps its data in $1, and there is no such file on the host (does it run in a container?)"
exec 5<"$1" || fail ACCESS_DENIED "The file $1 cannot be read"
at=$(stat -c %Y -- "$1")
[ "$at" -ge "$(($2 - 5))" ] || fail CONFLICT "The file $1 is older than the last save of this server: it is another server's"
exec cat <&5`

/** Takes stdin as the new file, like the present one or its folder in owner and mode, and lets the server's own program read it. argv: folder, name, present. */
export const redisStage = `${pipeTools}
new=$1/$2 like=$3
cat > "$new" || exit 3
if [ -e "$like" ]; then chown --reference="$like" -- "$new" && chmod --reference="$like" -- "$new"
else chown --reference="\${like%/*}" -- "$new" && chmod 660 -- "$new"; fi || exit 3
sync -f -- "$new" 2>/dev/null || sync`.replaceAll('\\$', '$')

/** What redis-check-rdb says of a file. argv: path. */
export const redisCheck = `for p in redis-check-rdb valkey-check-rdb; do
  if command -v $p >/dev/null 2>&1; then exec $p "$1"; fi
done; echo missing; exit 9`

/**
 * Loads stdin into a server of its own, on a socket in a folder of its own, that ends with the script. It is the replica of nobody, so that keys whose
 * time has come are kept and counted. Facts: `keys N db`. argv: bytes of the file.
 */
export const redisDrill = `${pipeTools}
server=; for p in redis-server valkey-server; do if command -v $p >/dev/null 2>&1; then server=$p; break; fi; done
cli=; for p in redis-cli valkey-cli; do if command -v $p >/dev/null 2>&1; then cli=$p; break; fi; done
[ -n "$server" ] && [ -n "$cli" ] || fail UNSUPPORTED "There is no redis-server on the host to try it with"
free=$(awk '/^MemAvailable:/ { printf "%.0f", $2 * 1024 }' /proc/meminfo)
[ "\${free:-0}" -gt "$(($1 * 4 + 33554432))" ] || fail UNSUPPORTED "The host has too little memory free to load it beside the server: $free bytes"
d=$(mktemp -d /var/tmp/quarterdeck-redis-XXXXXXXX) || fail COMMAND_FAILED "There is no place for a scratch folder"
pid=; clean() { [ -z "$pid" ] || { kill -KILL $pid 2>/dev/null; wait $pid 2>/dev/null; }; rm -rf -- "$d"; }
trap clean EXIT; trap 'exit 143' TERM INT HUP
cat > "$d/dump.rdb" || exit 3
$server --port 0 --unixsocket "$d/s" --dir "$d" --dbfilename dump.rdb --save '' --appendonly no --daemonize no --logfile "$d/log" --replicaof 127.0.0.1 1 </dev/null >/dev/null 2>&1 & pid=$!
until $cli -s "$d/s" ping 2>/dev/null | grep -q PONG; do
  kill -0 $pid 2>/dev/null || { tail -n 3 "$d/log" >&2; fail BACKUP_BAD "A server of its own could not load it: $(tail -n 2 "$d/log" | tr '\\n' ' ')"; }
  sleep 0.2 2>/dev/null || sleep 1
done
$cli -s "$d/s" info keyspace | tr -d '\\r' | sed -n 's/^db\\([0-9]*\\):keys=\\([0-9]*\\),.*/\\1 \\2/p' | while read -r db keys; do say fact keys "$db $keys"; done
exit 0`.replaceAll('\\$', '$')
