"""The cookie bot: five units that live on exported logins. usage: cookie-bot.py web | login | poster | scraper | watchdog

Each of the first four reads its own file, in its own format, and uses it at the site on 127.0.0.1:8090; the watchdog looks after
the units; web answers on 8080 for all of them.
"""
import glob
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

from common import Bot, log

role = sys.argv[1]


def from_netscape(text):
    lines = [line[10:] if line.startswith('#HttpOnly_') else line for line in text.splitlines()]
    rows = [line.split('\t') for line in lines if line and not line.startswith('#')]
    return [{'name': row[5], 'value': row[6], 'expires': float(row[4])} for row in rows if len(row) == 7]


def from_json(text):
    return [dict(cookie, expires=cookie.get('expirationDate', 0)) for cookie in json.loads(text)]


def from_storage_state(text):
    return json.loads(text)['cookies']


def from_header(text):
    pairs = [pair.split('=', 1) for pair in text.strip().split('; ') if '=' in pair]
    return [{'name': name, 'value': value, 'expires': 0} for name, value in pairs]


jars = {
    'login': ('cookies/cookies.txt', from_netscape), 'poster': ('cookies/cookies.json', from_json),
    'scraper': ('cookies/storage-state.json', from_storage_state), 'web': ('cookies/header.txt', from_header),
}


class CookieBot(Bot):
    def __init__(self):
        super().__init__('cookie-bot-%s' % role, every=float(os.environ.get('CHECK_SECONDS', '1')))
        self.problem = None
        self.switches['rotate'] = self.rotate
        os.makedirs('status', exist_ok=True)

    def work(self):
        try:
            self.watch() if role == 'watchdog' else self.use_login()
            self.problem = None
        except Exception as error:
            self.problem = str(error)
            raise
        finally:
            with open('status/%s.new' % role, 'w') as file:
                json.dump({'problem': self.problem, 'at': time.time(), 'updates': self.updates}, file)
            os.rename('status/%s.new' % role, 'status/%s.json' % role)

    def use_login(self):
        path, parse = jars[role]
        with open(path) as file:
            cookies = parse(file.read())
        old = [cookie['name'] for cookie in cookies if 0 < cookie['expires'] < time.time()]
        if old:
            raise RuntimeError('cookie expired: %s' % ', '.join(old))
        header = '; '.join('%s=%s' % (cookie['name'], cookie['value']) for cookie in cookies)
        request = urllib.request.Request('http://127.0.0.1:8090/account', headers={'Cookie': header})
        try:
            with urllib.request.urlopen(request, timeout=5) as response:
                json.load(response)
        except urllib.error.HTTPError as error:
            raise RuntimeError('login not accepted: %d' % error.code)

    def watch(self):
        units = ['cookie-bot-%s.service' % each for each in ('web', 'login', 'poster', 'scraper')]
        states = subprocess.run(['systemctl', 'is-active', *units], stdout=subprocess.PIPE, text=True).stdout.split()
        down = [unit for unit, state in zip(units, states) if state != 'active']
        if down:
            raise RuntimeError('not active: %s' % ', '.join(down))

    def rotate(self, options):
        """What real sites do: the bot comes home with a newer cookie than it was given."""
        path, _ = jars[role]
        with open(path) as file:
            text = file.read()
        with open(path, 'w') as file:
            file.write(text.replace('csrf-1', 'csrf-2'))

    def problems(self):
        found = {}
        for path in glob.glob('status/*.json'):
            with open(path) as file:
                problem = json.load(file)['problem']
            if problem:
                found[os.path.basename(path)[:-5]] = problem
        return found


bot = CookieBot()
if role == 'web':
    bot.serve([8080])
log('info', 'working as %s' % role)
bot.run()
