// The POSIX sh that reads a SQLite database on the host while others write to it; knows no link.
//
// A read transaction is held for as long as the files are copied. With a write-ahead log that hinders no writer, and it makes the copy sound:
// no page that the transaction sees can leave the database or its log meanwhile, so file and log together are the state of its beginning or
// a later one. Without such a log it does hinder writers, so a local copy is made first, and the copy is sent.
// That log cannot be used again from its beginning for as long as the transaction is held: what it may grow by is bounded.
// Where no program knows SQLite the files are copied between two looks at the log's salts, and at the time of the last change: the copy
// counts only where no checkpoint came in between.
import { sqliteTool } from '../../lib/sqlite-tool.ts'
import { pipeTools } from './pipe-script.ts'

/** How it is told that the log grew too far, so that whoever hears it may take the copy first. */
export const logGrew = 'The log of the database grew'

const tool = String.raw`${sqliteTool}
wal_mode() { [ "$(od -An -tu1 -j18 -N1 -- "$1" 2>/dev/null | tr -d ' \n')" = 2 ]; }`

const hold = `
import os, sqlite3, subprocess, sys
from urllib.request import pathname2url
try:
    db = sqlite3.connect('file:' + pathname2url(sys.argv[1]) + '?mode=rw', uri=True, timeout=30, isolation_level=None)
    db.execute('BEGIN')
    db.execute('SELECT count(*) FROM sqlite_master').fetchone()
except Exception as error:
    sys.stderr.write('%s\\n' % error)
    sys.exit(9)
sys.stderr.write('\\n%s fact version sqlite %s\\n' % (os.environ['QD_N'], sqlite3.sqlite_version))
sys.stderr.flush()
sys.exit(subprocess.call(['sh', '-c', os.environ['QD_RUN']]))
`

/** argv: path, `copy` or `stream`, the python that holds, by how many bytes the log may grow meanwhile. */
export const sqliteDump = String.raw`${pipeTools}
${tool}
given=$1 how=$2 hold=$3 grow=$4
path=$(readlink -f -- "$given") && [ -e "$path" ] || fail NOT_FOUND "There is no $given"
[ -f "$path" ] || fail INVALID_INPUT "$path is no file"
[ -r "$path" ] || fail ACCESS_DENIED "$path may not be read; turn on \"as root\""
case $(head -c 15 -- "$path") in 'SQLite format 3') ;; *) fail BACKUP_BAD "$path is no SQLite database";; esac
dir=\${path%/*}; name=\${path##*/}; tool
size_of() { stat -c %s -- "$1" 2>/dev/null || echo 0; }
bytes=$(($(size_of "$path") + $(size_of "$path-wal")))
room() { scratch "$bytes" "\${dir:-/}" /var/tmp /tmp; }
send() { say fact tar "$(tar --version 2>/dev/null | head -n 1)"
  if [ -s "$1/$name-wal" ]; then tar -cf - -C "$1" "./$name" "./$name-wal"; else tar -cf - -C "$1" "./$name"; fi; }
export QD_DIR="\${dir:-/}" QD_NAME="$name" QD_SCRATCH="" QD_RUN=""
held() { if [ $tool = python3 ]; then python3 -c "$hold" "$path"; r=$?
    [ $r != 9 ] || fail COMMAND_FAILED "The database could not be opened for reading: is \"as root\" needed, or is it locked by a long write?"
    return $r; fi
  say fact version "sqlite $(sqlite3 --version | cut -d' ' -f1)"
  sqlite3 -batch -init /dev/null "$path" '.timeout 30000' '.output /dev/null' BEGIN 'SELECT count(*) FROM sqlite_master;' '.shell eval $QD_RUN'; }
# eval in one line: the shell that sqlite3 starts splits it at spaces
if [ $tool != none ] && wal_mode "$path" && [ "$how" = stream ]; then
  say fact way held
  QD_MOST=$(($(size_of "$path-wal") + grow)); export QD_MOST
  # said by the guard itself and before it ends the tar: once the holder is gone a writer may make the log small again
  QD_GREW="
$QD_N fail COMMAND_FAILED ${logGrew} by more than $((grow / 1048576)) MB while it was sent: turn on \"copy on the host first\", or allow more"; export QD_GREW
  QD_RUN='w=./$QD_NAME-wal; test -s "$QD_DIR/$w" || w=; tar -cf - -C "$QD_DIR" "./$QD_NAME" \${w:+"$w"} & t=$!; while sleep 1 3>&-; do s=$(stat -c %s -- "$QD_DIR/$QD_NAME-wal") || s=0; test $s -le $QD_MOST || { echo "$QD_GREW" >&3; kill -PIPE $t; }; done 3>&2 </dev/null >/dev/null 2>&1 & g=$!; wait $t; r=$?; kill $g; test $r -le 1 || kill -KILL $PPID'
  # no write was hindered, and none of the log could be used again meanwhile
  held; exit $?
fi
if [ $tool != none ]; then
  room; say fact way copied; QD_SCRATCH=$scratch
  QD_RUN='cp --reflink=auto -- "$QD_DIR/$QD_NAME" "$QD_SCRATCH/" || kill -KILL $PPID; test ! -s "$QD_DIR/$QD_NAME-wal" || cp -- "$QD_DIR/$QD_NAME-wal" "$QD_SCRATCH/" || kill -KILL $PPID'
  held || exit $?
  [ -f "$scratch/$name" ] || exit 1
  send "$scratch"; exit $?
fi
room; say fact way plain
stamp() { if [ -s "$path-wal" ]; then printf 'log '; od -An -tx1 -N32 -- "$path-wal" | tr -d ' \n'; else
  stat -c '%s %y %i' -- "$path"; if [ -s "$path-journal" ]; then od -An -tx1 -N8 -- "$path-journal" | tr -d ' 0\n'; fi; fi; }
try=0
while [ $try -lt 60 ]; do try=$((try + 1))
  rm -f -- "$scratch/$name" "$scratch/$name-wal"
  first=$(stamp)
  case $first in log*) ;; *) sleep 0.05; [ "$(stamp)" = "$first" ] || continue;; esac
  cp -- "$path" "$scratch/" || exit 1
  case $first in log*) cp -- "$path-wal" "$scratch/" 2>/dev/null || continue;; esac
  if [ "$(stamp)" = "$first" ]; then send "$scratch"; exit $?; fi
done
fail COMMAND_FAILED "The database changes too fast to be copied without SQLite on the host. Install python3 or sqlite3 there (sudo apt install sqlite3)"`.replaceAll(
  '\\$',
  '$',
)

export const sqliteHold = hold

const tables = `
import sqlite3, sys
from urllib.request import pathname2url
h = lambda text: (text or '').encode('utf-8', 'surrogateescape').hex()
try:
    db = sqlite3.connect('file:' + pathname2url(sys.argv[1]) + '?mode=rw', uri=True, timeout=10, isolation_level=None)
    db.execute('PRAGMA trusted_schema = OFF')
    print('version', sqlite3.sqlite_version)
    db.execute('BEGIN')
    names = []
    for name, table, kind, sql in db.execute("SELECT name, tbl_name, type, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\\\_%' ESCAPE '\\\\' ORDER BY tbl_name, type, name").fetchall():
        print('schema', h(name) or '-', h(table) or '-', kind, h(sql) or '-')
        if kind == 'table' and not (sql or '').lower().split()[1:2] == ['virtual']: names.append(name)
    for name in names[:5000]:
        print('rows', h(name), db.execute('SELECT count(*) FROM "' + name.replace('"', '""') + '"').fetchone()[0])
    if sys.argv[2] == 'yes':
        for row in db.execute('PRAGMA integrity_check(5)'): print('check', str(row[0]))
except Exception as error:
    print('error', str(error).replace('\\n', ' '))
`

/** argv: path, `yes` where it is to be checked whole, the python that reads. Lines of `version`, `schema`, `rows`, `check`. */
export const sqliteLook = String.raw`LC_ALL=C; export LC_ALL
${tool}
given=$1 whole=$2 code=$3
path=$(readlink -f -- "$given") || path=
[ -n "$path" ] && [ -e "$path" ] || { echo missing; exit 0; }
echo "path $path"; echo "stat $(stat -c '%s %Y %u %g %a' -- "$path")"
[ -s "$path-wal" ] && echo "log $(stat -c '%s %Y' -- "$path-wal")"
[ -r "$path" ] || { echo unreadable; exit 0; }
tool; echo "tool $tool"
case $tool in
python3) python3 -c "$code" "$path" "$whole";;
sqlite3) q() { sqlite3 -batch -init /dev/null -noheader -separator ' ' "$path" '.timeout 10000' "$1" 2>&1; }
  echo "version $(sqlite3 --version | cut -d' ' -f1)"
  q "SELECT 'schema', hex(name), hex(tbl_name), type, CASE WHEN sql IS NULL OR sql = '' THEN '-' ELSE hex(sql) END FROM sqlite_master WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY tbl_name, type, name"
  q "SELECT 'SELECT ''rows'', ''' || hex(name) || ''', count(*) FROM \"' || replace(name, '\"', '\"\"') || '\";' FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND lower(coalesce(sql, '')) NOT LIKE 'create virtual%' LIMIT 5000" |
    sqlite3 -batch -init /dev/null -noheader -separator ' ' "$path" 2>/dev/null
  [ "$whole" != yes ] || q 'PRAGMA integrity_check(5)' | sed 's/^/check /';;
esac
exit 0`.replaceAll('\\$', '$')

export const sqliteTables = tables

/** Before a swap: nobody may have the file open, and what stands in its log goes into the file. $db is its path. */
export const sqliteBeforeSwap = (path: string): string =>
  String.raw`db=${quoted(path)}
if [ -e "$db" ]; then
  # what looks has it open itself: that counts which is open once the look has ended
  found=$(find -L /proc/[0-9]*/fd -maxdepth 1 -samefile "$db" 2>/dev/null); open=
  for f in $found; do if [ "$f" -ef "$db" ]; then open=$f; break; fi; done
  if [ -n "$open" ]; then p=\${open#/proc/}; p=\${p%%/*}
    echo "qd-fail $db is still open in process $p ($(tr '\0' ' ' < "/proc/$p/cmdline" 2>/dev/null | head -c 100)): stop it first" >&2; false
  else
    if [ -s "$db-wal" ] || [ -s "$db-journal" ]; then
      if has python3 && python3 -c 'import sqlite3' 2>/dev/null; then python3 -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=5, isolation_level=None)
db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
db.execute("SELECT count(*) FROM sqlite_master").fetchall()
db.close()' "$db" 2>/dev/null
      elif has sqlite3; then sqlite3 -batch -init /dev/null "$db" 'PRAGMA wal_checkpoint(TRUNCATE); SELECT count(*) FROM sqlite_master;' >/dev/null 2>&1; fi
    fi; true
  fi
fi`.replaceAll('\\$', '$')

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
