"""The stats bot: records who played what into SQLite and writes a log file a day; its oldest logs are due for deletion."""
import os
import random
import sqlite3
import time
from datetime import date, timedelta

from common import Bot

players = ['ada', 'bea', 'cem', 'dov', 'eli', 'fay']


class StatsBot(Bot):
    def __init__(self):
        super().__init__('stats-bot', every=1.0)
        os.makedirs('logs', exist_ok=True)
        self.database = sqlite3.connect('stats.db', check_same_thread=False, isolation_level=None)
        self.database.execute('PRAGMA journal_mode = WAL')
        self.database.execute('CREATE TABLE IF NOT EXISTS sessions (id INTEGER PRIMARY KEY, player TEXT NOT NULL, minutes INTEGER NOT NULL, at TEXT NOT NULL)')
        if not self.database.execute('SELECT count(*) FROM sessions').fetchone()[0]:
            rows = [(players[i % 6], 5 + i * 7 % 90, (date.today() - timedelta(days=i // 20)).isoformat()) for i in range(600)]
            self.database.executemany('INSERT INTO sessions (player, minutes, at) VALUES (?, ?, ?)', rows)
            self.old_logs()
        self.routes[('GET', '/top')] = self.top

    def old_logs(self):
        for days in (1, 10, 29, 31, 45, 90):
            day = date.today() - timedelta(days=days)
            path = 'logs/stats-%s.log' % day.isoformat()
            with open(path, 'w') as file:
                file.write('%s nothing happened\n' % day * 100)
            then = time.time() - days * 86400
            os.utime(path, (then, then))

    def work(self):
        self.database.execute('INSERT INTO sessions (player, minutes, at) VALUES (?, ?, ?)', (random.choice(players), random.randrange(5, 95), date.today().isoformat()))
        with open('logs/stats-%s.log' % date.today().isoformat(), 'a') as file:
            file.write('%s session recorded\n' % time.strftime('%H:%M:%S'))

    def top(self, body):
        rows = self.database.execute('SELECT player, sum(minutes) FROM sessions GROUP BY player ORDER BY 2 DESC LIMIT 10').fetchall()
        return 200, [{'player': player, 'minutes': minutes} for player, minutes in rows]


bot = StatsBot()
bot.serve([8030])
bot.run()
