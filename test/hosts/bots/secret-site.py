"""A site that other secrets than cookies open: 8091 takes the bearer token in the file `valid-token`, 8443 whoever shows a certificate of its own authority."""
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Site(BaseHTTPRequestHandler):
    def do_GET(self):
        status = 200
        if self.server.server_port == 8091:
            with open('valid-token') as file:
                valid = 'Bearer %s' % file.read().strip()
            status = 200 if self.headers.get('Authorization') == valid else 401
        body = b'hello' if status == 200 else b'no'
        self.send_response(status)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        """What is asked, and with what, is nobody's affair."""


plain = ThreadingHTTPServer(('127.0.0.1', 8091), Site)
threading.Thread(target=plain.serve_forever, daemon=True).start()
secure = ThreadingHTTPServer(('127.0.0.1', 8443), Site)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain('site.pem')
context.load_verify_locations('ca.pem')
context.verify_mode = ssl.CERT_REQUIRED
# the handshake in the thread of its own connection: one that hangs must not hold up the others
secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
secure.serve_forever()
