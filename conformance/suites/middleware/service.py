"""A small service behind keystonemiddleware: it answers with what the middleware told it about the caller.

/ gets the catalog and takes service tokens by role; /plain asks for no catalog; /lenient lets anybody through and
says so.
"""

import json
import os

from keystonemiddleware import auth_token


def echo(environ, start_response):
    told = {
        name.removeprefix("HTTP_"): value
        for name, value in environ.items()
        if name.startswith(("HTTP_X_", "HTTP_OPENSTACK_"))
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(told).encode()]


CONF = {
    "auth_type": "password",
    "auth_url": os.environ["OS_AUTH_URL"],
    "www_authenticate_uri": os.environ["OS_AUTH_URL"],
    "username": "keeper",
    "password": "correct-horse",
    "user_domain_id": "default",
    "project_name": "service",
    "project_domain_id": "default",
    "region_name": "RegionOne",
    "service_token_roles": "service",
    "service_token_roles_required": "true",
    # Every request asks the server: what a cache remembers is not what is tested.
    "token_cache_time": "-1",
}

APPS = {
    "/": auth_token.AuthProtocol(echo, CONF),
    "/plain": auth_token.AuthProtocol(echo, CONF | {"include_service_catalog": "false"}),
    "/lenient": auth_token.AuthProtocol(echo, CONF | {"delay_auth_decision": "true"}),
}


def application(environ, start_response):
    return APPS[environ["PATH_INFO"]](environ, start_response)
