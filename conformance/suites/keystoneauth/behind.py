"""Keystone behind front.py: it gets the client's certificate as from Apache, in its environment."""

import urllib.parse

from keystone.wsgi import api


def application(environ, start_response):
    certificate = environ.pop("HTTP_X_ENV_SSL_CLIENT_CERT", None)
    if certificate:
        environ["SSL_CLIENT_CERT"] = urllib.parse.unquote(certificate)
    return api.application(environ, start_response)
