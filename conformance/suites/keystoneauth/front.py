"""The web server in front: takes TLS, and hands on the client's certificate, if there is one, in a header.

    front.py PORT SERVER CERTIFICATE KEY AUTHORITY
"""

import http.server
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request

port, server, certificate, key, authority = sys.argv[1:]
HEADER = "X-Env-Ssl-Client-Cert"


class Front(http.server.BaseHTTPRequestHandler):
    def forward(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", HEADER.lower())}
        if der := self.connection.getpeercert(binary_form=True):
            headers[HEADER] = urllib.parse.quote(ssl.DER_cert_to_PEM_cert(der))
        request = urllib.request.Request(server + self.path, body or None, headers, method=self.command)
        try:
            answer = urllib.request.urlopen(request, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = forward


listener = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Front)
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority)
context.load_cert_chain(certificate, key)
context.verify_mode = ssl.CERT_OPTIONAL
listener.socket = context.wrap_socket(listener.socket, server_side=True)
listener.serve_forever()
