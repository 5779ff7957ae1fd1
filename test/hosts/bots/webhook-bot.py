"""The webhook bot: gets updates from Telegram by webhook on 8010 and keeps its webhook registered at the API that TELEGRAM_API names."""
import json
import os
import urllib.request

from common import Bot, log

api = os.environ.get('TELEGRAM_API', '')
token = os.environ.get('TELEGRAM_TOKEN', '123456:test')
url = os.environ.get('WEBHOOK_URL', 'https://bot.example/webhook')


class WebhookBot(Bot):
    def __init__(self):
        super().__init__('webhook-bot', every=2.0)
        self.api_problem = None
        self.routes[('POST', '/webhook')] = self.update

    def call(self, method, **params):
        request = urllib.request.Request('%s/bot%s/%s' % (api, token, method), json.dumps(params).encode(), {'Content-Type': 'application/json'})
        with urllib.request.urlopen(request, timeout=5) as response:
            return json.load(response)['result']

    def work(self):
        if not api:
            return
        try:
            self.call('getMe')
            self.api_problem = None
        except Exception as error:
            self.api_problem = str(error)
            raise

    def register(self):
        if not api:
            return
        try:
            self.call('setWebhook', url=url)
            log('info', 'webhook set to %s' % url)
        except Exception as error:
            self.failed('telegram', str(error))

    def update(self, body):
        if self.answer != 200:
            self.failed('http', 'answered %d to an update' % self.answer)
            return self.answer, {'error': 'as told'}
        self.count()
        return 200, {'handled': json.loads(body or b'{}').get('update_id')}

    def problems(self):
        return {'telegram': self.api_problem} if self.api_problem else {}


bot = WebhookBot()
bot.serve([8010])
bot.register()
bot.run()
