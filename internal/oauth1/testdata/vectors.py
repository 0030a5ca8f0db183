"""Writes vectors.json: requests as oauthlib signs them, and what its endpoints, set up as Keystone's, say of them.

Run with the Python of a Keystone: python vectors.py >vectors.json
"""

import json
import sys
import time
import urllib.parse

from keystone.oauth1 import core, validator
from oauthlib import oauth1

NOW = 1772600767
KEY, SECRET = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
TOKEN, TOKEN_SECRET = "00112233445566778899aabbccddeeff", "a secret of+another&kind/ä"
VERIFIER = "abcABC23"

time.time = lambda: NOW


class Validator(validator.OAuthValidator):
    def get_client_secret(self, client_key, request):
        return SECRET

    def get_request_token_secret(self, client_key, token, request):
        return TOKEN_SECRET

    get_access_token_secret = get_request_token_secret

    def validate_client_key(self, client_key, request):
        return True

    def validate_request_token(self, client_key, token, request):
        return True

    validate_access_token = validate_request_token

    def validate_verifier(self, client_key, token, verifier, request):
        return True


def asked(endpoint, url, authorization):
    """What an endpoint says: yes, no, [error, description] or malformed."""
    v = Validator()
    args = {"http_method": "POST", "headers": {"Authorization": authorization}}
    try:
        core.get_oauth_headers({"Authorization": authorization})
        if endpoint == "resource":
            return "yes" if core.ResourceEndpoint(v).validate_protected_resource_request(url, **args)[0] else "no"
        if endpoint == "request":
            _, body, _ = core.RequestTokenEndpoint(v).create_request_token_response(url, **args)
        else:
            _, body, _ = core.AccessTokenEndpoint(v).create_access_token_response(url, **args)
    except ValueError:
        return "malformed"
    said = dict(urllib.parse.parse_qsl(body or ""))
    if "error" in said:
        return [said["error"], said["error_description"]]
    return "yes" if body else "no"


VECTORS = []


def add(endpoint, url, authorization):
    VECTORS.append({"endpoint": endpoint, "url": url, "authorization": authorization, "said": asked(endpoint, url, authorization)})


def signed(url="http://id.example/v3/OS-OAUTH1/request_token", realm=None, **changes):
    args = {"client_secret": SECRET, "callback_uri": "oob", "nonce": "abcdef0123456789", "timestamp": str(NOW), "realm": realm, **changes}
    key = args.pop("key", KEY)
    _, headers, _ = oauth1.Client(key, **args).sign(url, http_method="POST")
    return headers["Authorization"]


URL = "http://id.example/v3/OS-OAUTH1/request_token"
TOKENS = {"resource_owner_key": TOKEN, "resource_owner_secret": TOKEN_SECRET}
for url in (
    URL,
    "https://ID.Example:443/v3/OS-OAUTH1/request_token",
    "http://id.example:80/v3/OS-OAUTH1/request_token",
    "http://id.example:5000/identity/v3/OS-OAUTH1/request_token",
    "http://[::1]:5000/v3/OS-OAUTH1/request_token",
    URL + "?b=2&a=1&a=%20x+y&c&%C3%A4=~%2A",
    URL + "?realm=x&b=",
):
    add("request", url, signed(url))
    for method in (oauth1.SIGNATURE_HMAC_SHA256, oauth1.SIGNATURE_HMAC_SHA512, oauth1.SIGNATURE_PLAINTEXT):
        add("request", url, signed(url, signature_method=method))
    add("access", url, signed(url, verifier=VERIFIER, **TOKENS))
    add("resource", url, signed(url, **TOKENS))
good = signed()
for old, new in [
    ('oauth_nonce="abcdef0123456789"', 'oauth_nonce="abcdef0123456788"'),
    ('oauth_nonce="abcdef0123456789"', 'oauth_nonce="xyz"'),
    ('oauth_nonce="abcdef0123456789"', 'oauth_nonce=""'),
    ('oauth_nonce="abcdef0123456789", ', ""),
    ('oauth_version="1.0"', 'oauth_version="2.0"'),
    ('oauth_version="1.0"', 'oauth_version=""'),
    ('oauth_version="1.0", ', ""),
    ("HMAC-SHA1", "HMAC-MD5"),
    ("HMAC-SHA1", "PLAINTEXT"),
    ("HMAC-SHA1", "HMAC-SHA256"),
    (str(NOW), str(NOW) + "0"),
    (str(NOW), "12345"),
    (str(NOW), "abcdefghij"),
    (KEY, KEY[1:]),
    (KEY, KEY.upper()),
    ('oauth_callback="oob"', 'oauth_callback=""'),
    ('oauth_callback="oob", ', ""),
    ("OAuth ", "oauth "),
    ("OAuth ", "OAUTH   "),
    ("OAuth ", "Basic "),
    ("OAuth ", "OAuth"),
    ("OAuth ", 'OAuth realm="", '),
    ("OAuth ", 'OAuth realm="a b", '),
    ("OAuth ", 'OAuth unknown="x", '),
    ("OAuth ", "OAuth broken, "),
    ("OAuth ", "OAuth empty=, "),
    ("OAuth ", 'OAuth quoted="a\\"b,c", '),
    ('", ', '",'),
    ('="1.0"', "=1.0"),
    ('oauth_version="1.0"', 'oauth_version="2.0", oauth_version="1.0"'),
    ("oauth_signature=", "oauth_signatur="),
]:
    assert old in good, old
    add("request", URL, good.replace(old, new))
add("request", URL + "?oauth_callback=oob", good)
add("request", URL + "?a=1", good)
add("request", URL, signed(realm="a"))
add("request", URL, signed(client_secret="wrong"))
for changes in (
    {"verifier": VERIFIER},
    {"verifier": VERIFIER, **TOKENS, "resource_owner_key": "short"},
    TOKENS,
    {"verifier": "abc", **TOKENS},
    {"verifier": "abcABC01", **TOKENS},
    {"verifier": VERIFIER, **TOKENS, "resource_owner_secret": "wrong"},
):
    add("access", URL, signed(**changes))
add("resource", URL, signed())
add("resource", URL, signed(**TOKENS, realm="anything"))
add("resource", URL, signed(**{**TOKENS, "resource_owner_secret": "wrong"}))
json.dump({"now": NOW, "consumer_secret": SECRET, "token_secret": TOKEN_SECRET, "vectors": VECTORS}, sys.stdout, indent=1, ensure_ascii=False)
print()
