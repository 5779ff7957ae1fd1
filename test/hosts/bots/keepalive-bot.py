"""The keep-alive bot: a service that says how it is on 8001, or on 8002 or 8003 where that is taken, and restarts itself when asked."""
import os
import threading

from common import Bot, log


class KeepaliveBot(Bot):
    def __init__(self):
        super().__init__('keepalive-bot', every=0.5)
        self.routes[('POST', '/restart')] = self.restart

    def restart(self, body):
        log('warning', 'restart was asked for')
        # Exit code 75 (try again later) makes Restart=on-failure bring it back; the answer goes out first.
        threading.Timer(0.1, os._exit, [75]).start()
        return 202, {'restarting': True}


bot = KeepaliveBot()
bot.serve([8001, 8002, 8003])
bot.run()
