"""OAuth 2.0: clients with secrets."""

import base64

from script import DELETE, GET, HEAD, PATCH, POST, PUT, as_

TOKEN = "/v3/OS-OAUTH2/token"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
GRANT = "grant_type=client_credentials"


def ask(body, keep=None, path=TOKEN, **headers):
    with as_(None):
        POST(path, body, headers={**FORM, **headers}, keep=keep)


def basic(text):
    """Credentials without variables: they are encoded before the list is sent."""
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


CREDENTIALS = "/v3/users/$ann/application_credentials"
with as_("member"):
    POST(CREDENTIALS, {"application_credential": {"name": "client", "secret": "s"}}, keep={"client": "application_credential.id"})
    POST(
        CREDENTIALS,
        {"application_credential": {"name": "past", "secret": "s", "expires_at": "2999-01-01T00:00:00"}},
        keep={"lasting": "application_credential.id"},
    )
ask(GRANT + "&client_id=$client&client_secret=s", keep={"bearer": "access_token"})
ask(GRANT + "&client_id=$lasting&client_secret=s")
ask(GRANT + "&client_id=$client&client_secret=wrong")
ask(GRANT + "&client_id=unknown&client_secret=s")
ask(GRANT + "&client_id=$ann&client_secret=s")
for body in (
    "",
    GRANT,
    GRANT + "&client_id=",
    GRANT + "&client_id=$client",
    GRANT + "&client_id=$client&client_secret=",
    GRANT + "&client_secret=s",
    "client_id=$client&client_secret=s",
    "grant_type=&client_id=$client&client_secret=s",
    "grant_type=password&client_id=$client&client_secret=s",
    "grant_type=a%20b%C3%A4&client_id=$client&client_secret=s",
    GRANT + "&" + GRANT + "&client_id=$client&client_secret=s",
    GRANT + "&client_id=$client&client_secret=s&client_secret=s",
    GRANT + "&client_id=$client&client_secret=s&other=1",
    GRANT + "&scope=x&client_id=$client&client_secret=s",
):
    ask(body)
ask(GRANT, **basic("unknown:s"))
ask(GRANT, **basic("unknown"))
ask(GRANT, **basic(":"))
ask(GRANT, Authorization="Basic !")
ask(GRANT, Authorization="Bearer x")
ask(GRANT + "&client_id=$client&client_secret=s", Authorization="Bearer x")
ask(GRANT + "&client_id=$client&client_secret=s", **basic("unknown:s"))
ask("", path=TOKEN + "?" + GRANT + "&client_id=$client&client_secret=s")
ask(GRANT, path=TOKEN + "?client_id=$client&client_secret=s")
with as_(None):
    POST(TOKEN, {"grant_type": "client_credentials"})
    POST(TOKEN, "x")
    POST(TOKEN)
for who in ("admin", "expired", None):
    with as_(who):
        for method in (GET, HEAD, DELETE):
            method(TOKEN)
        for method in (PUT, PATCH):
            method(TOKEN)
            method(TOKEN, GRANT, headers=FORM)
with as_("admin"):
    GET("/v3/auth/tokens", headers={"X-Subject-Token": "$bearer"})
with as_("bearer"):
    GET("/v3/auth/projects")
    GET("/v3/users/$ann")
    POST(CREDENTIALS, {"application_credential": {"name": "another"}})
with as_("admin"):
    DELETE(CREDENTIALS + "/$client")
    GET("/v3/auth/tokens", headers={"X-Subject-Token": "$bearer"})
ask(GRANT + "&client_id=$client&client_secret=s")
