# Runs the script with which the engine writes, as it is, many times on the host itself: the same steps without the link between them.
# stdin: JSON {argv, path, from, atLeast, to, seconds, enough}; argv holds FILESTAT where the file's stat goes and RUNID for the writer's sign. It
# ends at `to`, or after `seconds` and `atLeast` where the machine is slow, but not before the readers have read enough; it prints the last version.
import hashlib, json, os, subprocess, sys, time

order = json.load(sys.stdin)
content = lambda n: (b'%08d\n' % n) + b'%08d' % n * 1500
sha = lambda n: hashlib.sha256(content(n)).hexdigest().encode()
n, end = order['from'], time.monotonic() + order['seconds']
while (n < order['to'] and (time.monotonic() < end or n < order['atLeast'])) or not all(map(os.path.exists, order['enough'])):
    stat = subprocess.run(['stat', '-c', '%u %g %a %h %d:%i %F', order['path']], capture_output=True, text=True).stdout.strip()
    argv = [part.replace('FILESTAT', stat).replace('RUNID', '%016x' % n) for part in order['argv']]
    new = content(n + 1)
    done = subprocess.run(argv, input=b'%s %s %d\n' % (sha(n), sha(n + 1), len(new)) + new, capture_output=True)
    if done.returncode != 0 or not done.stdout.endswith(b'done\n'):
        print(n, done.returncode, done.stdout, done.stderr)
        sys.exit(1)
    n += 1
print(n)
