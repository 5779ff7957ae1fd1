"""As much of the Telegram bot API as the webhook bot and checks on it need, on 127.0.0.1:8081; POST /state changes what it says.

POST /deliver sends an update to the webhook that is set, as Telegram would: to ROUTE_TO where it is ROUTE_URL, else into the void. What could not be
delivered waits, and the last failure is told.
"""
import json
import os
import time
import urllib.error
import urllib.request

from common import Bot


class TelegramApi(Bot):
    def __init__(self):
        super().__init__('telegram-api', every=3600)
        self.state = {'url': '', 'pending_update_count': 0}
        self.sent = []
        self.token = '123456:test'
        for method in ('getMe', 'getWebhookInfo', 'setWebhook', 'deleteWebhook', 'sendMessage'):
            for verb in ('GET', 'POST'):
                self.routes[(verb, '/bot%s/%s' % (self.token, method))] = lambda body, method=method: self.api(method, body)
        self.routes[('POST', '/state')] = self.set_state
        self.routes[('POST', '/deliver')] = self.deliver
        self.secret = None
        self.routes[('GET', '/sent')] = lambda body: (200, self.sent)

    def set_state(self, body):
        self.state.update(json.loads(body))
        return 200, self.state

    def deliver(self, body):
        try:
            if not self.state['url'] or self.state['url'] != os.environ.get('ROUTE_URL'):
                raise OSError('Connection refused')
            headers = {'Content-Type': 'application/json', 'X-Telegram-Bot-Api-Secret-Token': self.secret or ''}
            urllib.request.urlopen(urllib.request.Request(os.environ['ROUTE_TO'], body, headers), timeout=5).close()
            return 200, {'delivered': True}
        except Exception as error:
            self.state['pending_update_count'] += 1
            code = getattr(error, 'code', None)
            self.state['last_error_message'] = 'Wrong response from the webhook: %d' % code if code else str(error)
            self.state['last_error_date'] = int(time.time())
            return 200, {'delivered': False}

    def api(self, method, body):
        if self.answer != 200:
            return self.answer, {'ok': False, 'error_code': self.answer, 'description': 'as told'}
        params = json.loads(body or b'{}')
        self.count()
        return 200, {'ok': True, 'result': getattr(self, method)(params)}

    def getMe(self, params):
        return {'id': 123456, 'is_bot': True, 'first_name': 'Test', 'username': 'test_bot'}

    def getWebhookInfo(self, params):
        return dict(self.state, has_custom_certificate=False)

    def setWebhook(self, params):
        self.state['url'] = params.get('url', '')
        if params.get('drop_pending_updates'):
            self.state['pending_update_count'] = 0
        self.state.pop('last_error_message', None)
        self.state.pop('last_error_date', None)
        self.secret = params.get('secret_token')
        return True

    def deleteWebhook(self, params):
        self.setWebhook(dict(params, url=''))
        return True

    def sendMessage(self, params):
        self.sent.append(params)
        return {'message_id': len(self.sent)}


bot = TelegramApi()
bot.serve([8081], os.environ.get('LISTEN', '127.0.0.1'))
bot.run()
