"""Keystone as a web server in front would run it: headers become what the web server's modules put into the environment.

The same convention as that of [lintel] environ_prefix: X-Env-Remote-User is REMOTE_USER. A certificate, which has lines,
comes percent-encoded.
"""

import urllib.parse

from keystone.wsgi.api import application as keystone

PREFIX = "HTTP_X_ENV_"


def application(environ, start_response):
    for name in [name for name in environ if name.startswith(PREFIX)]:
        environ[name.removeprefix(PREFIX)] = environ.pop(name)
    if certificate := environ.get("SSL_CLIENT_CERT"):
        environ["SSL_CLIENT_CERT"] = urllib.parse.unquote(certificate)
    return keystone(environ, start_response)
