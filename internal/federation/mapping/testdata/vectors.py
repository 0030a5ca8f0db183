#!/usr/bin/env python3
"""Write vectors.json.gz: what the real Keystone's mapping engine makes of many rules and assertions.

Run with a Python that has keystone installed:  python vectors.py
The file is a list of objects:
  version, rules, assertion  what goes in
  result                     what the processor of the version returns, or
  error                      the text of its ValidationError, or "" if it fails in another way
"""
import gzip
import json
import os
import random
import warnings

warnings.simplefilter('ignore')
import keystone.conf
from keystone import exception
from keystone.federation import utils


class OrderedSet(dict):
    """A set that keeps its order, so that what the engine returns does not depend on the hashes of a run."""

    def __init__(self, values=()):
        super().__init__((v, None) for v in values)

    def add(self, value):
        self[value] = None

    def update(self, values):
        super().update((v, None) for v in values)

    def intersection(self, other):
        return OrderedSet(v for v in other if v in self)

    def difference(self, other):
        return OrderedSet(v for v in self if v not in other)


keystone.conf.configure()
utils.set = OrderedSet
random.seed(20261126)
VERSIONS = ('1.0', '2.0', '3.0')
DOMAIN = {'id': 'dom'}


def rule(local, *remote):
    return {'local': local if isinstance(local, list) else [local], 'remote': list(remote)}


def has(name, **test):
    return {'type': name, **test}


def user(**properties):
    return {'user': properties}


def assertions():
    """Assertions that the written rules look at."""
    yield {'U': 'ann', 'M': 'ann@example.org', 'G': 'red;green;blue', 'O': 'north', 'E': ''}
    yield {'U': 'ann;bob', 'M': '', 'G': 'red', 'O': 'north;south;north', 'X': '1'}
    yield {'U': "o'hara", 'M': 'a "b"', 'G': 'red; green;;', 'O': ';'}
    yield {'U': 'Åsa\u00a0Ö', 'G': "it's;say \"x\";both ' and \"", 'O': 'no\nrth;\tso\\uth'}
    yield {'U': '[1, None]', 'G': "['red', 'blue']", 'O': "['x'", 'M': '("a")'}
    yield {'U': '{0}', 'G': '{name};{{x}}', 'O': '{', 'M': '}'}
    yield {'G': 'JSON:{"name":"red","domain":{"name":"D"}};JSON:{"name":"blue","domain":{"id":"d"}}', 'U': 'ann', 'O': 'surname'}
    yield {'U': 'ann', 'G': 'name;surname', 'O': 'JSON:{"name":"domain"}', 'M': 'JSON:nodomain name'}
    yield {'U': 'ann', 'P': '[{"name":"p1","roles":[{"name":"r1"},{"name":"r2"}]},{"name":"p2","roles":[],"domain":{"name":"D"}}]', 'G': 'g'}
    yield {'U': 'ann', 'P': '[{"name":"p1"}]', 'G': 'g;[;h'}
    yield {'U': 'ann', 'P': '[]', 'G': "['a' 'b', u'c', r'\\d', '''e''']"}
    yield {'U': 'ann', 'P': '{"name":"p"', 'G': "[-1, 2.5, True, ['n'], 0x1f, 1_000, 1e3, (1, 2), {'k': None}]"}
    yield {'U': 'ann', 'P': 'null', 'G': "(['red'])", 'O': " ['sp']", 'M': "['nl']\n"}
    yield {'U': 'ann', 'G': "['a',]", 'O': "['a'],", 'M': "[\n'a', # no\n'b']", 'P': '[{"name":"x","roles":[{"name":"r"}],"domain":{}}]'}
    yield {'U': 'ann', 'G': '[]', 'O': "['a' + 'b']", 'M': "[a]", 'P': '[1]'}
    yield {'U': 'ann', 'G': r"['\x41\u00e9\101\q\'\"\n']", 'O': '[01]', 'M': '[00, 1., .5, 1e400]'}
    yield {'U': 'ann', 'G': "['unterminated]", 'O': "[['a'], 'b']", 'M': "[b'x']"}
    yield {'U': 'ＡＮＮ１２', 'G': 'red-1;red-22;RED', 'O': 'south'}
    yield {}


TEMPLATES = [
    '{0}', '{1}', '{0} {1}', '{0}-{0}', '{{0}}', '{{{0}}}', 'plain', '', '{}', '{} {}', '{} {0}', '{0} {}', '{9}', '{x}', '{0', '0}', '{',
    '}', '{0!r}', '{0!s}', '{0!a}', '{0!x}', '{0!}', '{0!r', '{0!rx}', '{0:}', '{0:>9}', '{0:<9}|', '{0:^9}|', '{0:*^9}', '{0:09}',
    '{0:.2}', '{0:7.2s}|', '{0:d}', '{0:=9}', '{0:+}', '{0:,}', '{0:#}', '{0!r:>12}', '{0:{1}}', '{0:{x}}', '{0[0]}', '{0[1]}', '{0[9]}',
    '{0[x]}', '{0[0][0]}', '{0[0]x}', '{0[]}', '{0[-1]}', '{[0]}', '{0[0}', '{00}', '{٠}', '{0 }', '{ 0}', '{1[0]}', '{0!r:{1}}',
    '{0:x<5}', '{0:}>5}', '{0:{{}', '{{{{', '}}', '{0}}}', 'a{0}b{1}c', '{0:5}{1:.1}', '{0:.}', '{0:1.1.1}', '{0:s}', '{0:5s}', '{0!a:>20}',
    '{0::>5}', '{0:!>5}', '{99999999999999999999}', '{0[99999999999999999999]}', '{0:<}', '{0:0}', '{0:00005}', '{0:<05}',
    '[{0}]', "['{0}', '{1}']", '{0[0]:>4}', '{0[[]}', '{!r}', '{:>5}', '{:{}}', '{0:{}}',
]

TESTS = [
    {}, {'any_one_of': ['ann', 'red', 'north']}, {'any_one_of': []}, {'any_one_of': ['']}, {'any_one_of': [1, None, True, 'red']},
    {'any_one_of': ['Red']}, {'any_one_of': [['red']]}, {'any_one_of': ['r', '^n'], 'regex': True}, {'any_one_of': ['^$'], 'regex': True},
    {'any_one_of': [], 'regex': True}, {'any_one_of': ['a', '('], 'regex': True}, {'any_one_of': ['(', 'a'], 'regex': True},
    {'any_one_of': [5], 'regex': True}, {'any_one_of': ['red'], 'regex': False}, {'not_any_of': ['ann', 'red']}, {'not_any_of': []},
    {'not_any_of': ['south']}, {'not_any_of': [{}]}, {'not_any_of': ['^r', 'h$'], 'regex': True}, {'not_any_of': [], 'regex': True},
    {'not_any_of': ['['], 'regex': True}, {'whitelist': ['red', 'ann', 'north']}, {'whitelist': []}, {'whitelist': ['nothing']},
    {'whitelist': ['', 'red']}, {'whitelist': ['e', 'n'], 'regex': True}, {'whitelist': ['^.*$'], 'regex': True},
    {'whitelist': ['(?i)RED', r'\d+$'], 'regex': True}, {'whitelist': [], 'regex': True}, {'blacklist': ['red', 'ann', 'north']},
    {'blacklist': []}, {'blacklist': ['', ' green']}, {'blacklist': ['e'], 'regex': True}, {'blacklist': ['.'], 'regex': True},
    {'blacklist': ['^(?!red)'], 'regex': True}, {'blacklist': [r'\w+\d', r'(?P<a>b)(?P=a)'], 'regex': True},
]

LOCALS = [
    [user(name='{0}')],
    [user(id='{0}', email='{1}')],
    [user(name='{0}', domain={'name': '{0}'})],
    [user(name='{0}', type='local', domain=DOMAIN)],
    [user(name='{0}', type='ephemeral', domain={})],
    [user()],
    [user(), user(name='second')],
    [user(email='{0}'), user(name='{1}')],
    [{'group': {'id': 'g1'}}],
    [{'group': {'id': '{0}'}}, {'group': {'id': '{0}'}}],
    [{'group': {'name': 'n1', 'domain': DOMAIN}}, {'group': {'name': 'n2', 'domain': DOMAIN}}],
    [{'group': {'name': 'n1', 'domain': DOMAIN}}, {'group': {'name': 'n1', 'domain': {'name': 'dom'}}}, {'group': {'name': 'n2', 'domain': {}}}],
    [{'group': {'name': '{0}', 'domain': {'name': '{0}', 'id': 'x'}}}],
    [{'groups': '{0}', 'domain': DOMAIN}],
    [{'groups': '{0}'}],
    [{'groups': '{1}', 'domain': {'name': '{0}'}}, user(name='{0}')],
    [{'groups': "['a', 'b']", 'domain': {}}],
    [{'groups': 'surname', 'domain': DOMAIN}],
    [{'groups': 'JSON:{{"name":"g","domain":{{"id":"d"}}}}'}],
    [{'groups': "['JSON:{{\"name\":\"g\",\"domain\":{{}}}}', 'JSON:{{\"name\":\"h\"}}']"}],
    [{'groups': 'JSON:[1, "name"]'}],
    [{'groups': 'name and domain'}],
    [{'groups': '[1, "name"]'}],
    [{'group_ids': '{0}'}],
    [{'group_ids': "['a', 'b', 'a']"}, {'group_ids': 'c'}, {'group': {'id': 'a'}}],
    [{'domain': DOMAIN}],
    [{'domain': DOMAIN}, user(name='{0}')],
    [user(name='{0}'), {'domain': {'name': '{0}'}}],
    [user(name='{0}'), {'domain': {}}],
    [{'user': {'name': '{0}'}, 'domain': DOMAIN, 'group': {'id': 'x'}}],
    [{}],
    [],
    [{'projects': [{'name': 'p {0}', 'roles': [{'name': 'r'}, {'name': '{0}'}]}]}],
    [{'projects': [{'name': 'p', 'roles': []}], 'domain': DOMAIN}, {'projects': [{'name': 'q', 'roles': []}]}],
    [{'projects': []}],
    [{'projects': [{'name': 'p', 'roles': [], 'domain': {'name': 'own {0}'}}, {'name': 'q', 'roles': [], 'domain': {}}], 'domain': DOMAIN}],
    [{'projects_json': '{0}'}],
    [{'projects_json': '{1}', 'domain': DOMAIN}, user(name='{0}')],
    [{'projects_json': '1 and more', 'projects': [{'name': 'p', 'roles': []}]}],
    [{'projects_json': '{7}'}],
    [{'projects_json': 'x'}],
    [{'projects_json': '{{0}}'}],
    [{'projects_json': ''}],
    [{'projects_json': '{٠}'}],
]


def written():
    """Cases of a purpose each."""
    for a in assertions():
        for local in LOCALS:
            yield [rule(local, has('U'), has('G'))], a
            yield [rule(local, has('G'))], a
            if 'P' in a:
                yield [rule(local, has('U'), has('P'))], a
            if 'projects_json' not in json.dumps(local):
                yield [rule(local, has('O')), rule(user(name='other'), has('M'))], a
    for a in list(assertions())[:6]:
        for text in TEMPLATES:
            yield [rule(user(name=text), has('U'), has('G'))], a
            yield [rule({'group': {'name': 'x', 'domain': {'id': text}}}, has('G'), has('U'))], a
            yield [rule(user(name=text), has('G', any_one_of=['red']))], a
    for a in assertions():
        for test in TESTS:
            yield [rule([user(name='{0}'), {'group_ids': '{1}'}], has('U'), has('G', **test), has('G'))], a
            yield [rule(user(name='{0}'), has('O', **test), has('U'))], a


WORDS = ['ann', 'bob', 'red', 'green', 'blue', 'north', 'Ål', "o'x", '', ' red', 'a.b', '42', 'name', '[x]', "['y']", 'red']


def some(values, low, high):
    return [random.choice(values) for _ in range(random.randint(low, high))]


def random_case():
    names = ['A', 'B', 'C', 'D']
    rules = []
    for _ in range(random.randint(1, 4)):
        remote = []
        for _ in range(random.randint(1, 4)):
            test = {}
            if random.random() < 0.6:
                regex = random.random() < 0.4
                pool = WORDS if not regex else ['^r', 'n+$', '.', 'e{2}', '[a-d]', r'\d', '(?i)B', 'x|y', r'\bred\b', '(?<=r)e']
                test = {random.choice(['any_one_of', 'not_any_of', 'whitelist', 'blacklist']): some(pool, 0, 4)}
                if regex or random.random() < 0.1:
                    test['regex'] = regex
            remote.append(has(random.choice(names), **test))
        rules.append(rule([part for local in some(LOCALS, 1, 3) for part in local], *remote))
    return rules, {n: ';'.join(some(WORDS, 0, 4)) for n in names if random.random() < 0.85}


def outcome(version, rules, assertion):
    mapping = {'rules': rules, 'schema_version': version, 'id': 'the-mapping'}
    try:
        utils.validate_mapping_structure({'rules': rules, 'schema_version': version})
        processor = utils.create_attribute_mapping_rules_processor(json.loads(json.dumps(mapping)))
        result = processor.process(assertion)
        json.dumps(result)
        return {'result': result}
    except exception.ValidationError as e:
        return {'error': str(e)}
    except Exception:
        return {'error': ''}


def vectors():
    cases = list(written()) + [random_case() for _ in range(1500)]
    seen = set()
    for rules, assertion in cases:
        for version in VERSIONS:
            text = json.dumps([rules, assertion, version])
            # The versions read most rules alike, so a part of what is not about them is enough.
            special = 'projects' in text or 'domain' in text
            if text in seen or version != '1.0' and random.random() > (0.3 if special else 0.03) or random.random() > 0.6:
                continue
            seen.add(text)
            yield {'version': version, 'rules': rules, 'assertion': assertion, **outcome(version, rules, assertion)}


out = list(vectors())
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'vectors.json.gz')
with open(path, 'wb') as raw, gzip.GzipFile('', 'wb', fileobj=raw, mtime=0) as f:
    f.write(json.dumps(out, ensure_ascii=False, separators=(',', ':')).encode())
print(len(out), 'vectors,', sum('result' in v for v in out), 'with a result,', os.path.getsize(path), 'bytes')
