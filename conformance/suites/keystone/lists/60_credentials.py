"""Credentials."""

from script import DELETE, GET, HEAD, PATCH, POST, PUT, as_

EC2 = '{"access": "181920", "secret": "secretKey"}'

with as_("admin"):
    for body in (
        {"type": "cert", "blob": "text", "user_id": "$ann"},
        {"type": "cert", "blob": {"a": 1}, "user_id": "$ann"},
        {"type": "cert", "blob": ["a"], "user_id": "$ann"},
        {"type": "cert", "blob": "", "user_id": "$ann"},
        {"type": "cert", "blob": None, "user_id": "$ann"},
        {"type": "cert", "user_id": "$ann"},
        {"type": "cert", "blob": "b"},
        {"blob": "b", "user_id": "$ann"},
        {"type": "", "blob": "b", "user_id": "$ann"},
        {"type": None, "blob": "b", "user_id": "$ann"},
        {"type": 1, "blob": "b", "user_id": "$ann"},
        {"type": "x" * 256, "blob": "b", "user_id": "$ann"},
        {"type": "cert", "blob": "b", "user_id": "0123456789abcdef0123456789abcdef"},
        {"type": "cert", "blob": "b", "user_id": "odd"},
        {"type": "cert", "blob": "b", "user_id": "u" * 65},
        {"type": "cert", "blob": "b", "user_id": "$ann", "project_id": "p" * 65},
        {"type": "cert", "blob": "b", "user_id": None},
        {"type": "cert", "blob": "b", "user_id": "$ann", "project_id": "$web"},
        {"type": "cert", "blob": "b", "user_id": "$ann", "project_id": "0123456789abcdef0123456789abcdef"},
        {"type": "cert", "blob": "b", "user_id": "$ann", "project_id": None},
        {"type": "cert", "blob": "b", "user_id": "$ann", "project_id": 1},
        {"type": "cert", "blob": "b", "user_id": "$ann", "colour": "blue"},
        {"type": "cert", "blob": "b", "user_id": "$ann", "id": "mine"},
        {"type": "totp", "blob": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "user_id": "$ann"},
        {"type": "ec2", "blob": EC2, "user_id": "$ann", "project_id": "$web"},
        {"type": "ec2", "blob": EC2, "user_id": "$ann", "project_id": "$web"},
        {"type": "ec2", "blob": EC2.replace("18", "19"), "user_id": "$ann"},
        {"type": "ec2", "blob": EC2.replace("18", "20"), "user_id": "$ann", "project_id": None},
        {"type": "ec2", "blob": {"access": "a", "secret": "s"}, "user_id": "$ann", "project_id": "$web"},
        {"type": "ec2", "blob": "{", "user_id": "$ann", "project_id": "$web"},
        {"type": "ec2", "blob": "text", "user_id": "$ann", "project_id": "$web"},
        {"type": "ec2", "blob": "[]", "user_id": "$ann", "project_id": "$web"},
        {"type": "ec2", "blob": "{}", "user_id": "$ann", "project_id": "$web"},
        {"type": "ec2", "blob": '{"access": ""}', "user_id": "$ann", "project_id": "$web"},
        {"type": "ec2", "blob": '{"access": null}', "user_id": "$ann", "project_id": "$web"},
        {"type": "ec2", "blob": '{"access": "x", "trust_id": "t"}', "user_id": "$ann", "project_id": "$web"},
        {"type": "EC2", "blob": EC2, "user_id": "$ann", "project_id": "$web"},
        {},
    ):
        POST("/v3/credentials", {"credential": body})
    POST("/v3/credentials", {"credential": None})
    POST("/v3/credentials", {"credential": []})
    POST("/v3/credentials", {})
    POST("/v3/credentials", {"credential": {"type": "note", "blob": "one", "user_id": "$ann"}}, keep={"note": "credential.id"})
    POST(
        "/v3/credentials",
        {"credential": {"type": "ec2", "blob": EC2.replace("18", "77"), "user_id": "$rob", "project_id": "$web"}},
        keep={"key": "credential.id"},
    )
    GET("/v3/credentials/$note")
    HEAD("/v3/credentials/$note")
    GET("/v3/credentials/$key")
    GET("/v3/credentials/unknown")
    for query in (
        "",
        "?user_id=$ann",
        "?user_id=$rob",
        "?user_id=unknown",
        "?user_id=",
        "?type=note",
        "?type=NOTE",
        "?type=ec2&user_id=$ann",
        "?type=none",
        "?type=",
        "?type__contains=o",
        "?project_id=$web",
        "?blob=one",
        "?id=$note",
        "?colour=blue",
        "?limit=0",
        "?limit=x",
        "?limit=1000",
        "?marker=unknown",
    ):
        GET("/v3/credentials" + query, page="limit=" in query)
    GET("/v3/credentials?limit=2", page=True)
    HEAD("/v3/credentials")
    for body in (
        {"blob": "two"},
        {"blob": ""},
        {"blob": None},
        {"blob": {"a": 1}},
        {"blob": 1},
        {},
        {"type": "note"},
        {"type": "other", "blob": "three"},
        {"user_id": "$rob", "blob": "three"},
        {"project_id": "$web", "blob": "three"},
        {"id": "$note", "blob": "three"},
        {"colour": "red", "blob": "three"},
    ):
        PATCH("/v3/credentials/$note", {"credential": body})
        GET("/v3/credentials/$note")
    for blob in (EC2.replace("18", "77").replace("secretKey", "new"), EC2, "{", "text", '{"access": "771920", "secret": "s", "trust_id": "t"}'):
        PATCH("/v3/credentials/$key", {"credential": {"blob": blob}})
        GET("/v3/credentials/$key")
    PATCH("/v3/credentials/unknown", {"credential": {"blob": "x"}})
    PATCH("/v3/credentials/$note", {})
    PUT("/v3/credentials/$note", {"credential": {"blob": "x"}})

for who, own in (
    ("member", "$ann"),
    ("reader", "$rob"),
    ("manager", "$max"),
    ("domain_reader", "$dora"),
    ("domain_admin", "$ada"),
    ("system_reader", "$sue"),
    ("system_member", "$sam"),
    ("system_admin", "$admin_user"),
    ("unscoped", "$nora"),
    ("stranger", "$bob"),
):
    with as_(who):
        GET("/v3/credentials")
        GET("/v3/credentials?user_id=$ann")
        GET("/v3/credentials?type=note")
        GET("/v3/credentials/$note")
        GET("/v3/credentials/$key")
        PATCH("/v3/credentials/$note", {"credential": {"blob": "by " + who}})
        POST("/v3/credentials", {"credential": {"type": "own", "blob": "x", "user_id": own}})
        POST("/v3/credentials", {"credential": {"type": "foreign", "blob": "x", "user_id": "$admin_user"}})
        DELETE("/v3/credentials/unknown")
        DELETE("/v3/credentials/$key")

with as_("admin"):
    DELETE("/v3/credentials/$note")
    DELETE("/v3/credentials/$note")
    DELETE("/v3/credentials/unknown")
    POST("/v3/users", {"user": {"name": "holder", "domain_id": "$acme"}}, keep={"holder": "user.id"})
    POST("/v3/projects", {"project": {"name": "held", "domain_id": "$acme"}}, keep={"held": "project.id"})
    POST("/v3/credentials", {"credential": {"type": "note", "blob": "b", "user_id": "$holder"}}, keep={"of_user": "credential.id"})
    POST(
        "/v3/credentials",
        {"credential": {"type": "note", "blob": "b", "user_id": "$bob", "project_id": "$held"}},
        keep={"of_project": "credential.id"},
    )
    DELETE("/v3/users/$holder")
    DELETE("/v3/projects/$held")
    GET("/v3/credentials/$of_user")
    GET("/v3/credentials/$of_project")
