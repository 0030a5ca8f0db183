"""Write vectors.json: requests with the signatures that upstream's code gives them.

Run it with an interpreter that has keystone and python-keystoneclient: python vectors.py > vectors.json
"""

import base64
import json

from keystone.api import s3tokens
from keystoneclient.contrib.ec2 import utils

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def ec2(name, **request):
    right = json.loads(json.dumps(request))
    signature = utils.Ec2Signer(SECRET).generate(right)
    return {"name": name, "secret": SECRET, "request": request, "signature": signature}


def v4(verb, path, headers, params=None, service="ec2", signed="host;x-amz-date", day="20260304"):
    headers = dict(headers)
    headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential=AKID/{day}/RegionOne/{service}/aws4_request,"
        f"SignedHeaders={signed},Signature=x"
    )
    return dict(verb=verb, host="cloud.example:8773", path=path, params=params or {}, headers=headers,
                body_hash="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")


AT = {"Host": "cloud.example:8773", "X-Amz-Date": "20260304T050607Z"}
QUERY = {
    "Action": "RunInstances", "Timestamp": "2026-03-04T05:06:07Z", "b": "~ -_.!*'()/", "A": "\u00e9\u4e16 &=+", "a": "", "Key:x/y ~": "1",
}

vectors = [
    ec2("version 0", params={"SignatureVersion": "0", "Action": "Describe", "Timestamp": "2026-03-04T05:06:07Z"}),
    ec2("version 1", params={"SignatureVersion": "1", **QUERY}),
    ec2("version 2", verb="GET", host="cloud.example", path="/services/Cloud/", params={"SignatureVersion": "2", **QUERY}),
    ec2("version 2 with another method named", verb="GET", host="cloud.example", path="/",
        params={"SignatureVersion": "2", "SignatureMethod": "HmacSHA1", **QUERY}),
    ec2("version 2 with an empty path", verb="post", host="[2001:db8::1]:80", path="", params={"SignatureVersion": "2"}),
    ec2("version 4, GET", **v4("get", "/", AT, QUERY)),
    ec2("version 4, POST", **v4("POST", "/", AT, QUERY)),
    ec2("version 4, headers to trim", **v4("PUT", "/a b", {**AT, "X-Other ": "  a  b ", "x-none": "1"}, signed="host;missing;x-amz-date;x-other")),
    ec2("version 4, old boto", **v4("POST", "/", {**AT, "User-Agent": "Boto/2.8.1 (linux)"})),
    ec2("version 4, newer boto", **v4("POST", "/", {**AT, "User-Agent": "Boto/2.9.3 (linux)"})),
    ec2("version 4, in the query", verb="GET", host="cloud.example", path="/", headers={"host": "cloud.example"}, body_hash="UNSIGNED-PAYLOAD",
        params={"X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Credential": "AKID/20260304/eu/ec2/aws4_request",
                "X-Amz-Date": "20260304T050607Z", "X-Amz-SignedHeaders": "host", "Action": "X"}),
]


def s3(name, text, sign):
    return {"name": name, "secret": SECRET, "token": base64.urlsafe_b64encode(text).decode(), "signature": sign(text, SECRET)}


OLD = b"GET\n\n\nTue, 27 Mar 2007 19:36:42 +0000\n/bucket/\xfb\xff\xfe>>>???"
vectors += [s3("s3 version 1", OLD, s3tokens._calculate_signature_v1)] + [
    s3("s3 version 4, " + service, b"AWS4-HMAC-SHA256\n20260304T050607Z\n20260304/eu/" + service.encode() + b"/aws4_request\n" + b"ab" * 32,
       s3tokens._calculate_signature_v4)
    for service in ("s3", "iam", "sts")
]

print(json.dumps(vectors, indent=1))
