"""EC2 keys of users."""

from script import DELETE, GET, HEAD, PATCH, POST, PUT, as_

MINE = "/v3/users/$ann/credentials/OS-EC2"

with as_("member"):
    GET(MINE)
    for body in ({}, {"tenant_id": None}, {"tenant_id": "unknown"}, {"tenant_id": 1}, {"tenant_id": ""}, {"project_id": "$web"}):
        POST(MINE, body)
    POST(MINE, {"tenant_id": "$web"}, keep={"access": "credential.access", "ec2_secret": "credential.secret"})
    POST(MINE, {"tenant_id": "$far", "access": "mine", "secret": "mine"})
    GET(MINE)
    HEAD(MINE)
    GET(MINE + "/$access")
    HEAD(MINE + "/$access")
    GET("/v3/users/$rob/credentials/OS-EC2/$access")
    GET("/v3/users/unknown/credentials/OS-EC2/$access")
    GET("/v3/users/unknown/credentials/OS-EC2")
    PATCH(MINE + "/$access", {})
    PUT(MINE + "/$access")
    GET("/v3/credentials?type=ec2&user_id=$ann")
for who in ("reader", "stranger", "manager", "domain_admin", "system_reader", "system_member", "admin", "system_admin", "service", "unscoped", None):
    with as_(who):
        GET(MINE)
        GET(MINE + "/$access")
        POST(MINE, {"tenant_id": "$web"})
with as_("stranger"):
    DELETE(MINE + "/$access")
with as_("admin"):
    GET(MINE + "/unknown")
    DELETE(MINE + "/unknown")
    GET("/v3/users/unknown/credentials/OS-EC2")
    POST("/v3/users/unknown/credentials/OS-EC2", {"tenant_id": "$web"})
for who in ("with_plain", "with_wide"):
    with as_(who):
        GET(MINE)
        GET(MINE + "/$access")
        POST(MINE, {"tenant_id": "$web"})
        DELETE(MINE + "/$access")
with as_("member"):
    DELETE(MINE + "/$access")
    DELETE(MINE + "/$access")
