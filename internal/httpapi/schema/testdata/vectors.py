#!/usr/bin/env python3
"""Write vectors.json.gz: what the real Keystone answers to many inputs.

Run with a Python that has keystone installed:  python vectors.py
The file is an object of lists:
  schemas  name of the schema: [[body or query, message or null], ...]
  auth     [[member "auth" of the body, message or null], ...]
  mappings [[mapping, version, message or null], ...]
  bodies   [[Content-Type, body, message or null], ...]
  values   [[JSON, repr or null if refused], ...]
  pretty   [[JSON, how jsonschema prints it in an error], ...]
  queries  [[query string, repr], ...]
"""
import copy
import gzip
import json
import os
import random
import warnings
from urllib.parse import urlencode

warnings.simplefilter('ignore')
import flask
from jsonschema import exceptions as jsonschema_exceptions
import keystone.api  # noqa: F401  (all modules loaded, as in the server: they share and change schemas)
from keystone import exception
from keystone.api.validation import validators
from keystone.application_credential import schema as app_cred
from keystone.assignment import schema as assignment
from keystone.auth import schema as auth
from keystone.catalog import schema as catalog
from keystone.common import validation
from keystone.credential import schema as credential
from keystone.federation import schema as federation
from keystone.federation import utils as mapping
from keystone.identity import schema as identity
from keystone.limit import schema as limit
from keystone.oauth1 import schema as oauth1
from keystone.policy import schema as policy
from keystone.resource import schema as resource
from keystone.server.flask.request_processing import json_body
from keystone.trust import schema as trust

QUERIES = {
    'UserList': identity.user_index_request_query,
    'GroupList': identity.group_index_request_query,
    'ProjectList': resource.project_index_request_query,
    'DomainList': resource.domain_index_request_query,
    'RoleList': assignment.roles_index_request_query,
    'RoleAssignmentList': assignment.role_assignments_index_request_query,
    'RegionList': catalog.regions_index_request_query,
    'ServiceList': catalog.service_index_request_query,
    'EndpointList': catalog.endpoint_index_request_query,
    'EndpointShow': catalog.endpoint_request_query,
    'EndpointGroupList': catalog.endpoint_group_index_request_query,
    'CredentialList': credential.index_request_query,
    'TrustList': trust.trust_index_request_query,
    'TrustShow': trust.trust_request_query,
    'AccessRuleList': app_cred.access_rule_index_request_query,
    'AccessRuleShow': app_cred.access_rule_show_request_query,
    'ApplicationCredentialList': app_cred.application_credential_index_request_query,
    'RegisteredLimitList': limit.registered_limits_index_request_query,
    'LimitList': limit.limits_index_request_query,
    'ServiceProviderList': federation.service_provider_index_request_query,
    'IdentityProviderList': federation.identity_provider_index_request_query,
    'IdentityProviderShow': federation.identity_provider_request_query,
}
BODIES = {
    'UserCreate': identity.user_create_request,
    'UserUpdate': identity.user_update_request,
    'GroupCreate': identity.group_create_request_body,
    'GroupUpdate': identity.group_update_request_body,
    'ProjectCreate': resource.project_create_request_body,
    'ProjectUpdate': resource.project_update_request_body,
    'TagsUpdate': resource.tags_update_request_body,
    'DomainCreate': resource.domain_create_request_body,
    'DomainUpdate': resource.domain_update_request_body,
    'RoleCreate': assignment.role_create_request_body,
    'RoleUpdate': assignment.role_update_request_body,
    'RegionCreate': catalog.region_create_request_body,
    'RegionUpdate': catalog.region_update_request_body,
    'ServiceCreate': catalog.service_create_request_body,
    'ServiceUpdate': catalog.service_update_request_body,
    'EndpointCreate': catalog.endpoint_create_request_body,
    'EndpointUpdate': catalog.endpoint_update_request_body,
    'EndpointGroupCreate': catalog.endpoint_group_create_request_body,
    'EndpointGroupUpdate': catalog.endpoint_group_update_request_body,
    'CredentialCreate': credential.create_request_body,
    'CredentialUpdate': credential.update_request_body,
    'TrustCreate': trust.trust_create_request_body,
    'ApplicationCredentialShow': app_cred.application_credential_request_body,
    'ApplicationCredentialCreate': app_cred.application_credential_create_request_body,
    'RegisteredLimitsCreate': limit.registered_limits_create_request_body,
    'RegisteredLimitUpdate': limit.registered_limit_update_request_body,
    'LimitsCreate': limit.limits_create_request_body,
    'LimitUpdate': limit.limit_update_request_body,
    'ServiceProviderCreate': federation.service_provider_create_request_body,
    'ServiceProviderUpdate': federation.service_provider_update_request_body,
    'IdentityProviderCreate': federation.identity_provider_create_request_body,
    'IdentityProviderUpdate': federation.identity_provider_update_request_body,
    'ProtocolCreate': federation.protocol_create_request_body,
    'ProtocolUpdate': federation.protocol_update_request_body,
}
INLINE = {
    'PasswordChange': identity.password_change,
    'ProjectTag': resource.project_tag_create,
    'ProjectTags': resource.project_tags_update,
    'PolicyCreate': policy.policy_create,
    'PolicyUpdate': policy.policy_update,
    'ConsumerCreate': oauth1.consumer_create,
    'ConsumerUpdate': oauth1.consumer_update,
    'RequestTokenAuthorize': oauth1.request_token_authorize,
    'SAMLAssertion': federation.saml_create,
}

UUID = '0123456789abcdef0123456789ABCDEF'
STRINGS = [
    '', ' ', '\u00a0\u2003\x1f', 'x', "it's", 'say "it\'s"', 'back\\slash\n\t\r\x7f\u00ad\u2028\U000e0001\U0001f600é',
    'true', 'False', 'on', 'YES', 'asc', 'public', 'ec2', 'GET', 'a,b', 'a/b', 'a_b', 'a-b\n', '-', '10', 'x\n', '/', '/a',
    'http:', 'http:\n', 'http://h', 'h', UUID, 'urn:uuid:{01234567-89ab-cdef-0123-456789abcdef}', UUID + '0', 'uuurn:id:' + UUID,
    'é' * 64, 'é' * 65, 'a' * 64, 'a' * 65, 'b' * 225 + '://', 'http://' + 'h' * 219, '\U0001f600' * 255, 'é' * 256,
]
VALUES = STRINGS[:8] + [
    None, True, False, 0, 1, -1, -2, 1.0, 0.0, -1.5, 1.5, 2147483647, 2147483648, 1e300, -1e16, 123456789012345678901234567890,
    [], [[]], [None], ['a'], ['a', 'b', 'a'], ['a', 1], [1, True], [''], ['a,b'], [['a', 'a'], ['b']], [['a'], ['a']], [[], ['a']],
    [{}], [{'id': 'a'}, {'name': ''}], [{'id': 'a', 'name': 'b'}], [str(i) for i in range(81)],
    {}, {'id': 'x'}, {'a': 1, 'b': [True, None]}, {'name': 5},
]


def message(style, schema, value):
    try:
        if style is validators:
            validators._SchemaValidator(schema).validate(value)
        else:
            validation.lazy_validate(schema, value)
    except exception.SchemaValidationError as e:
        return str(e)
    return None


def sample(schema):
    """A value that schema accepts, with every member in it."""
    if 'enum' in schema:
        return schema['enum'][0]
    if schema.get('format') == 'uuid':
        return UUID
    kind = schema.get('type', 'string')
    if isinstance(kind, list):
        kind = next(k for k in kind if k != 'null')
    if kind == 'object':
        members = {k: sample(s) for k, s in schema.get('properties', {}).items()}
        while len(members) > schema.get('maxProperties', len(members)):
            members.popitem()
        return members
    if kind == 'array':
        return [sample(schema['items'])] if 'items' in schema else ['a']
    if kind == 'integer':
        return 1
    if kind == 'boolean':
        return True
    return 'http://h' if ':' in schema.get('pattern', '') else '/v2' if schema.get('pattern', '').startswith('^/') else 'ab'


def places(value, path=()):
    yield path
    if isinstance(value, dict):
        for k in value:
            yield from places(value[k], path + (k,))
    elif isinstance(value, list):
        for i in range(len(value)):
            yield from places(value[i], path + (i,))


def changed(value, path, new):
    """value with new at path; new is a function of what is there, or the value."""
    if not path:
        return new(value) if callable(new) else new
    value = copy.deepcopy(value)
    at = value
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = new(at[path[-1]]) if callable(new) else new
    return value


def corpus(schema):
    good = sample(schema)
    yield good
    for path in places(good):
        here = good
        for step in path:
            here = here[step]
        for v in VALUES + STRINGS[8:] * isinstance(here, str):
            yield changed(good, path, v)
        if isinstance(here, dict):
            for k in here:
                yield changed(good, path, {a: b for a, b in here.items() if a != k})
                yield changed(good, path, {k: here[k]})
                yield changed(good, path, {**{a: None for a in here}, k: here[k]})
                for m in here:
                    yield changed(good, path, {a: b for a, b in here.items() if a not in (k, m)})
            yield changed(good, path, {'zz': 1, **here})
            yield changed(good, path, {**here, "b'b": 1, 'b"b': 2, 'B': {'c': []}, 'secret': 's', 'é': 1})
        if isinstance(here, list):
            yield changed(good, path, here * 2)
            yield changed(good, path, here + [7])


def unique(values, key=lambda v: v):
    seen = set()
    for v in values:
        if key(v) not in seen:
            seen.add(key(v))
            yield v


def texts(schema):
    return unique(json.dumps(v, ensure_ascii=False) for v in corpus(schema))


def query_texts(schema):
    names = list(schema['properties'])
    yield ''
    for n in names + ['zz']:
        yield n
        yield n + '=a&' + n + '=b'
        for s in STRINGS:
            yield urlencode({n: s})
        for m in names:
            yield urlencode({n: '1', m: '0', 'effective': '', 'group': 'g'})
            yield urlencode([(m, 'é'), (n, 'true'), (m, 'y')])


def args(text):
    with flask.Flask('x').test_request_context('/?' + text):
        return flask.request.args


def auth_message(value):
    try:
        auth.validate_issue_token_auth(value)
    except exception.SchemaValidationError as e:
        return str(e)
    return None


GROUPS = [{'id': 'g'}, {'name': 'g', 'domain': {'id': 'd'}}, {'id': 'g', 'name': 'g'}, {'name': 'g'}, {}]
REMOTES = [
    {'type': 'a'}, {'type': 'a', 'any_one_of': ['x'], 'regex': True}, {'type': 'a', 'not_any_of': ['x']}, {'type': 'a', 'blacklist': []},
    {'type': 'a', 'whitelist': ['x']}, {'type': 'a', 'whitelist': [], 'blacklist': []}, {'any_one_of': []}, {'type': 'a', 'regex': True},
]
MAPPING = {
    'rules': [
        {
            'local': [
                {'user': {'id': 'i', 'name': '{0}', 'email': 'e', 'domain': {'id': 'd'}, 'type': 'local'}, 'groups': '{1}', 'group_ids': '{2}'},
                {'projects': [{'name': 'p', 'roles': [{'name': 'r'}], 'domain': {'name': 'd'}}], 'domain': {'id': 'd'}},
                {'projects_json': '{3}'},
            ]
            + [{'group': g} for g in GROUPS],
            'remote': REMOTES,
        }
    ],
    'schema_version': '1.0',
}


def mapping_texts():
    simple = {'rules': [{'local': [{'user': {'name': '{0}'}}, {'group': GROUPS[0]}, {'group': GROUPS[1]}], 'remote': REMOTES[:5]}]}
    for good in (simple, {'rules': [{'local': [MAPPING['rules'][0]['local'][1]], 'remote': REMOTES[:1]}]}, MAPPING):
        for path in places(good):
            for v in (good, None, True, 1, 'x', "it's", '', [], ['a'], {}, {'id': 'x'}, {'name': 'x', 'zz': 1}):
                yield json.dumps(changed(good, path, v) if v is not good else good)


def mapping_message(value, version):
    schema = mapping.IDP_ATTRIBUTE_MAPPING_SCHEMAS[version]['schema']
    errors = sorted(mapping.jsonschema.Draft4Validator(schema).iter_errors(value), key=str)
    return ''.join(e.message + '\n' for e in errors) or None


def body_message(content_type, text):
    headers = {} if content_type is None else {'Content-Type': content_type}
    with flask.Flask('x').test_request_context('/v3/users', method='POST', data=text.encode(), headers=headers):
        try:
            json_body.json_body_before_request()
        except exception.ValidationError as e:
            return str(e)
    return None


def pretty(value):
    return jsonschema_exceptions._pretty(value, prefix='    ')


def random_value(r, depth):
    kind = r.randrange(8 if depth else 4)
    if kind < 3:
        words = [r.choice(STRINGS[:12] + ['lorem', 'a' * 30, 'b' * 80, '\x0b', '\u0085 z', '\r\n', '\x1c', "don't"]) for _ in range(r.randrange(12))]
        return r.choice(['', ' ', '  ']).join(words)
    if kind == 3:
        return r.choice([None, True, r.randrange(10**r.randrange(1, 40)), r.random() * 10**r.randrange(-9, 25)])
    if kind < 6:
        return [random_value(r, depth - 1) for _ in range(r.randrange(6))]
    return {r.choice(STRINGS[:14]) * r.randrange(1, 4): random_value(r, depth - 1) for _ in range(r.randrange(5))}


def json_repr(text):
    try:
        return repr(json.loads(text.encode()))
    except ValueError:
        return None


VALUE_TEXTS = [
    '', ' ', '\ufeff{}', '\ufeff\ufeff{}', 'null', 'nul', 'True', 'true ', '\ttrue\r\n', '\u00a0true', '\x0btrue', 'true false', '[true', '[true,]',
    '[,]', '[1 2]', '{', '{}}', '{"a"}', '{"a":}', '{"a":1,}', '{"a" : 1 , "b":2}', '{a:1}', "{'a':1}", '{1:2}', '{"a":1,"b":2,"a":3}',
    '"', '"a', '"\\', '"\\"', '"\\x"', '"\\/\\b\\f\\n\\r\\t\\"\\\\"', '"\\u00e9"', '"\\u00E9"', '"\\u12"', '"\\u+123"', '"\\u 123"', '"\\ud83d\\ude00"',
    '"\x01"', '"\x7f\x80\u2028"', '"\n"', '0', '-0', '-0.0', '00', '01', '-', '+1', '.5', '1.', '1.e3', '1e', '1e+', '1e5', '1E5', '1e-5', '1.5e+3', '0e1',
    '-01', '1.0', '100000000000000000000000', '1e15', '1e16', '123456789012345680.0', '1e22', '0.0001', '0.00001', '1.7976931348623157e308', '5e-324', '1e-400',
    '0.1', '3.141592653589793238', '1_0', '0x1', '9' * 4300, '-' + '9' * 4300, '9' * 4301, '[1.5,-2,{"x":[]}]', '// x', '{"a":1}//', '"' + 'é' * 3 + '"',
]
BODY_TEXTS = ['', '{}', '{"a":1}', '[]', '[{}]', 'null', '1', '"x"', '{', '{"a":1} x', 'a=b', ' ', '{"a":1e5}']
TYPES = [
    None, '', 'application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON', ' application/json ;x', 'application/vnd.api+json', 'application/+json',
    'application/jsonx', 'text/json', 'text/plain', 'application/x-www-form-urlencoded', 'json', 'text/vnd.api+json',
]
QUERY_TEXTS = [
    '', '&', '&&a', 'a', 'a=', '=', '=b', 'a=b=c', 'a=1&b=2&a=3', 'b=1&a=2&b=3&a=4', 'a+b=c+d', '%61=%C3%A9', 'a=%', 'a=%4', 'a=%zz', 'a=%4g%41', 'a=%ff%C3%28',
    'a=%e2%82', 'a;b=c', "a='&b=%22", 'a%00=%0A', 'a=%F0%9F%98%80', 'A=1&a=2', 'a=%2B+%26', 'a=%25zz',
]


def main():
    rand = random.Random(5)
    out = {'schemas': {}}
    for name, schema in QUERIES.items():
        out['schemas'][name] = [[t, message(validators, schema, args(t))] for t in unique(query_texts(schema))]
    for table, style in ((BODIES, validators), (INLINE, validation)):
        for name, schema in table.items():
            out['schemas'][name] = [[t, message(style, schema, json.loads(t))] for t in texts(schema)]
    out['auth'] = [[t, auth_message(json.loads(t))] for t in texts(auth.token_issue)]
    out['mappings'] = [[t, v, mapping_message(json.loads(t), v)] for t in unique(mapping_texts()) for v in ('1.0', '2.0', '3.0')]
    out['bodies'] = [[c or '', b, body_message(c, b)] for c in TYPES for b in BODY_TEXTS]
    out['values'] = [[t, json_repr(t)] for t in VALUE_TEXTS]
    out['pretty'] = [[json.dumps(v), pretty(v)] for v in (random_value(rand, 4) for _ in range(1500))]
    out['queries'] = [[q, repr(args(q))] for q in QUERY_TEXTS]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'vectors.json.gz')
    with open(path, 'wb') as f:
        f.write(gzip.compress(json.dumps(out).encode(), mtime=0))
    print(sum(len(v) for v in out['schemas'].values()), len(out['auth']), len(out['bodies']))


main()
