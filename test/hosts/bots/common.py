"""What the five sample systems share: counters, a health server and the switches that make them fail. Standard library only, Python 3.9 or newer.

A switch is thrown by writing {"switch": NAME, ...} to the file that CONTROL_FILE names and sending SIGUSR1; the file disappears
when the switch is taken. This works while the bot hangs, too.
"""
import json
import os
import random
import signal
import sys
import threading
import time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def log(level, text):
    """One journal line with its priority, as systemd reads it from stdout."""
    print('<%d>%s' % ({'error': 3, 'warning': 4, 'info': 6, 'debug': 7}[level], text), flush=True)


def memory_mb():
    with open('/proc/self/statm') as file:
        return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE') / 1048576


class Bot:
    """Counts what it does, answers /health and obeys its switches."""

    def __init__(self, name, every=1.0):
        self.name, self.every = name, every
        self.started = time.monotonic()
        self.updates = self.errors = 0
        self.error_kinds = {}
        self.last_update = self.last_error = None
        self.awake = threading.Event()
        self.awake.set()
        self.answer = 200
        self.error_share = 0.0
        self.idle = False
        self.leaked = []
        self.flooding = 0
        self.request = threading.local()
        self.routes = {('GET', '/health'): self.health, ('GET', '/ping'): lambda body: (200, {'pong': True})}
        self.switches = {
            'crash': self.crash, 'hang': lambda o: self.awake.clear(), 'unhang': lambda o: self.awake.set(),
            'leak': self.leak, 'answer': self.set_answer, 'flood': self.flood, 'idle': self.set_idle,
            'errors': self.set_errors, 'heal': self.heal,
        }

    # ---- what it does

    def work(self):
        """One round of the bot's own business; a subclass overrides it."""

    def problems(self):
        """Parts that do not work, by name; a subclass overrides it."""
        return {}

    def failed(self, kind, text):
        self.errors += 1
        self.error_kinds[kind] = self.error_kinds.get(kind, 0) + 1
        self.last_error = text
        log('error', '%s error: %s' % (kind, text))

    def count(self):
        self.updates += 1
        self.last_update = datetime.now(timezone.utc).isoformat(timespec='milliseconds')
        if self.updates % 10 == 1:
            log('info', 'handled %d updates, %d errors' % (self.updates, self.errors))

    def rounds(self):
        while True:
            time.sleep(self.every)
            self.awake.wait()
            if self.idle:
                continue
            if random.random() < self.error_share:
                self.failed('task', 'an update could not be handled')
                continue
            try:
                self.work()
                self.count()
            except Exception as error:
                self.failed(type(error).__name__, str(error))

    def health(self, body):
        problems = self.problems()
        status = 503 if problems and self.answer == 200 else self.answer
        return status, {
            'status': 'ok' if status == 200 else 'error', 'bot': self.name, 'updates': self.updates, 'errors': self.errors,
            'errors_by_kind': self.error_kinds, 'last_error': self.last_error, 'uptime': round(time.monotonic() - self.started, 3),
            'memory': round(memory_mb(), 2), 'last_update': self.last_update, 'problems': problems, 'pid': os.getpid(),
        }

    # ---- its switches

    def crash(self, options):
        log('error', 'Traceback (most recent call last):\n<3>  File "bot.py", line 42, in handle\n<3>RuntimeError: crashed as told')
        os._exit(options.get('code', 1))

    def leak(self, options):
        megabytes, per_second = options.get('mb', 64), options.get('perSecond', 0)

        def drip():
            for _ in range(int(megabytes)):
                self.leaked.append(b'\x55' * 1048576)
                if per_second:
                    time.sleep(1 / per_second)
        threading.Thread(target=drip, daemon=True).start()

    def set_answer(self, options):
        self.answer = options.get('status', 500)

    def set_idle(self, options):
        self.idle = True

    def set_errors(self, options):
        self.error_share = options.get('share', 0.5)

    def flood(self, options):
        running, self.flooding = self.flooding, options.get('linesPerSecond', 1000)

        def pour():
            n = 0
            while self.flooding:
                for _ in range(max(1, self.flooding // 20)):
                    n += 1
                    print('<4>flood line %d: nothing to see here' % n)
                sys.stdout.flush()
                time.sleep(0.05)
        if not running and self.flooding:
            threading.Thread(target=pour, daemon=True).start()

    def heal(self, options):
        self.answer, self.error_share, self.idle, self.flooding = 200, 0.0, False, 0
        self.leaked.clear()
        self.awake.set()

    def on_signal(self, *_):
        path = os.environ.get('CONTROL_FILE', 'control')
        try:
            with open(path) as file:
                options = json.load(file)
            log('warning', 'switch %s' % options['switch'])
            if options['switch'] == 'crash':
                os.unlink(path)
            self.switches[options['switch']](options)
        except Exception as error:
            log('error', 'bad switch: %r' % error)
        os.unlink(path)

    # ---- its servers

    def serve(self, ports, address='127.0.0.1'):
        """Listens on the first free port."""
        bot = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def respond(self):
                body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
                bot.awake.wait()
                route = bot.routes.get((self.command, self.path.split('?')[0]))
                bot.request.cookie = self.headers.get('Cookie')
                status, answer = route(body) if route else (404, {'error': 'not found'})
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header('Content-Type', 'application/json')
                self.send_header('Content-Length', str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = respond

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            # Without it a second bot could not tell that a port is taken; with SO_REUSEADDR a restart may bind at once.
            allow_reuse_address = True

        for port in ports:
            try:
                server = Server((address, port), Handler)
            except OSError as error:
                log('warning', 'port %d is taken: %s' % (port, error))
                continue
            threading.Thread(target=server.serve_forever, daemon=True).start()
            log('info', 'listening on %s:%d' % (address, port))
            return port
        log('error', 'no port of %s is free' % (ports,))
        sys.exit(98)

    def run(self):
        signal.signal(signal.SIGUSR1, self.on_signal)
        signal.signal(signal.SIGTERM, lambda *_: (log('info', 'stopping'), os._exit(0)))
        threading.Thread(target=self.rounds, daemon=True).start()
        ready()
        while True:
            signal.pause()


def ready():
    """Tells systemd that start-up is over (Type=notify)."""
    import socket
    address = os.environ.get('NOTIFY_SOCKET')
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.connect('\0' + address[1:] if address[0] == '@' else address)
            notify.send(b'READY=1')
