"""The site that the cookie bot is logged in to, on 127.0.0.1:8090: it knows one valid session, which stands in the file `valid-session`."""
from common import Bot


class CookieSite(Bot):
    def __init__(self):
        super().__init__('cookie-site', every=3600)
        self.routes[('GET', '/account')] = self.account

    def account(self, body):
        if self.answer != 200:
            return self.answer, {'error': {429: 'rate limited', 403: 'challenge'}.get(self.answer, 'site down')}
        with open('valid-session') as file:
            valid = file.read().strip()
        if 'auth_token=%s' % valid not in (self.request.cookie or '').split('; '):
            return 401, {'error': 'not logged in'}
        return 200, {'user': 'tester'}


bot = CookieSite()
bot.serve([8090])
bot.run()
