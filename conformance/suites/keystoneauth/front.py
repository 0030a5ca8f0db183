"""The web server in front: takes TLS, and hands on in headers the client's certificate, if there is one, and whose it is.

    front.py PORT SERVER CERTIFICATE KEY AUTHORITY
"""

import http.server
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request

port, server, certificate, key, authority = sys.argv[1:]
PREFIX = "X-Env-"


def dn(name):
    """A name as Apache writes it with the option LegacyDNStringFormat off."""
    short = {"commonName": "CN", "organizationName": "O"}
    return ",".join(f"{short[attribute]}={value}" for parts in reversed(name) for attribute, value in parts)


def common_name(name):
    return dict(parts[0] for parts in name)["commonName"]


class Front(http.server.BaseHTTPRequestHandler):
    def forward(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host" and not name.lower().startswith(PREFIX.lower())}
        if der := self.connection.getpeercert(binary_form=True):
            headers[PREFIX + "Ssl-Client-Cert"] = urllib.parse.quote(ssl.DER_cert_to_PEM_cert(der))
            if not self.path.endswith("/OS-OAUTH2/token"):  # where Keystone would take it for a call without a token
                names = self.connection.getpeercert()
                headers[PREFIX + "Ssl-Client-I-Dn"] = dn(names["issuer"])
                headers[PREFIX + "Ssl-Client-S-Dn-Cn"] = common_name(names["subject"])
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

    do_GET = do_POST = do_DELETE = forward


listener = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Front)
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority)
context.load_cert_chain(certificate, key)
context.verify_mode = ssl.CERT_OPTIONAL
listener.socket = context.wrap_socket(listener.socket, server_side=True)
listener.serve_forever()
