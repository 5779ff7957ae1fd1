"""The trading bot: each trade goes to SQLite, Postgres and Redis; two APIs (trades on 8020, prices on 8021) say how that goes."""
import random
import socket
import sqlite3
import subprocess
import time

from common import Bot


TABLE = """SET client_min_messages = warning;
CREATE TABLE IF NOT EXISTS trades (id bigserial PRIMARY KEY, symbol text NOT NULL, price numeric NOT NULL, at timestamptz NOT NULL DEFAULT now());
"""


class Postgres:
    """One psql that stays: the standard library has no driver."""

    def __init__(self):
        self.process = None

    def ask(self, sql):
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(['psql', '-qAtX', '-v', 'ON_ERROR_STOP=0', 'trading'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1)
            self.process.stdin.write(TABLE)
        try:
            self.process.stdin.write(sql + ';\n\\echo end-of-answer\n')
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        lines = []
        for line in self.process.stdout:
            if line.strip() == 'end-of-answer':
                answer = '\n'.join(lines)
                if 'ERROR' in answer or 'FATAL' in answer:
                    raise RuntimeError(answer)
                return answer
            lines.append(line.rstrip('\n'))
        raise RuntimeError('\n'.join(lines) or 'psql ended')


def redis(*words):
    """One command to Redis, whose protocol is simple enough."""
    with socket.create_connection(('127.0.0.1', 6379), timeout=2) as link:
        link.sendall(b'*%d\r\n' % len(words) + b''.join(b'$%d\r\n%s\r\n' % (len(word.encode()), word.encode()) for word in words))
        answer = link.recv(4096)
        if answer[:1] == b'-':
            raise RuntimeError(answer.decode())
        return answer


class TradingBot(Bot):
    def __init__(self):
        super().__init__('trading-bot', every=1.0)
        self.broken = {}
        self.price = 100.0
        self.sqlite = sqlite3.connect('trades.db', check_same_thread=False, isolation_level=None)
        self.sqlite.execute('PRAGMA journal_mode = WAL')
        self.sqlite.execute('CREATE TABLE IF NOT EXISTS trades (id INTEGER PRIMARY KEY, symbol TEXT NOT NULL, price REAL NOT NULL, at REAL NOT NULL)')
        self.postgres = Postgres()
        self.routes[('GET', '/trades')] = self.trades
        self.routes[('GET', '/prices')] = lambda body: (200, {'QDK': self.price})

    def trade_sqlite(self, price, at):
        self.sqlite.execute('INSERT INTO trades (symbol, price, at) VALUES (?, ?, ?)', ('QDK', price, at))

    def trade_postgres(self, price, at):
        self.postgres.ask("INSERT INTO trades (symbol, price) VALUES ('QDK', %f)" % price)

    def trade_redis(self, price, at):
        redis('SET', 'last_price', '%f' % price)
        redis('INCR', 'trades')

    def work(self):
        self.price = round(self.price * random.uniform(0.99, 1.01), 4)
        broken = {}
        for name, trade in (('sqlite', self.trade_sqlite), ('postgres', self.trade_postgres), ('redis', self.trade_redis)):
            try:
                trade(self.price, time.time())
            except Exception as error:
                broken[name] = str(error)
                self.failed('database', '%s: %s' % (name, error))
        self.broken = broken

    def problems(self):
        return self.broken

    def trades(self, body):
        return 200, {
            'sqlite': self.sqlite.execute('SELECT count(*) FROM trades').fetchone()[0],
            'redis': redis('GET', 'trades').decode().split('\r\n')[1],
        }


bot = TradingBot()
bot.serve([8020])
bot.serve([8021])
bot.run()
