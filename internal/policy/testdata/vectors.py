"""Write vectors.json: what oslo.policy 6 makes of policy files.

Run it with an interpreter that has oslo.policy: python vectors.py > vectors.json
"""

import json
import logging
import random
import warnings

from oslo_policy import policy
from oslo_policy import shell

logging.disable(logging.CRITICAL)
warnings.simplefilter('ignore')

CREDS = {
    'roles': ['member', 'Ärger', 'straße', 'ΑΣ'],
    'user_id': 'u1',
    'user_name': 'alice',
    'project_id': 'p1',
    'is_admin': False,
    'empty': '',
    'null': None,
    'number': 16,
    'half': 0.5,
    'list': ['a', 'b', 1],
    'nested': [['a']],
    'user': {'id': 'u1', 'domain': {'id': 'd1', 'name': None}},
    'catalog': [
        {'type': 'identity', 'endpoints': [{'region': 'R1'}, {'region': 'R2'}]},
        {'type': 'image', 'endpoints': []},
    ],
    'mixed': [{'x': '1'}, 'text'],
    'a-b': 'dash',
    'a[0]': 'index',
    'x y': 'space',
}
TARGET = {
    'user_id': 'u1',
    'target.user.id': 'u2',
    'target.role.name': 'member',
    'yes': True,
    'no': False,
    'null': None,
    'number': 16,
    'big': 123456789012345678901234567890,
    'float': 2.5,
    'huge': 1e16,
    'tiny': 1e-5,
    'list': ['a', 1, None, True, 2.0],
    'text': 'it\'s "quoted"\n\t\x01\xe9\u2028',
    'percent': '100%',
    'a(b)': 'paren',
    '': 'nameless',
}


def outcome(rules, name):
    enforcer = shell.FakeEnforcer(rules, None)
    try:
        ok = rules[name](TARGET, CREDS, enforcer, current_rule=name)
    except Exception as e:
        kind = type(e).__name__
        text = str(e)
        if 'recursion' in text or 'unsupported callable' in text:
            kind, text = 'RecursionError', ''
        return ['exception', kind, text]
    return ['passed' if ok else 'failed']


def vector(file):
    try:
        rules = policy.Rules.load(file, 'default')
        list(rules)
    except Exception as e:
        return {'file': file, 'refused': type(e).__name__}
    return {
        'file': file,
        'rules': {
            name: [printed(check)] + outcome(rules, name)
            for name, check in rules.items()
            if isinstance(name, str)
        },
    }


def printed(check):
    try:
        return str(check)
    except RecursionError:
        return None


def text(rule):
    return json.dumps({'a:b': rule}, ensure_ascii=False)


vectors = []


def add(*files):
    vectors.extend(vector(f) for f in files)


def add_texts(*rules):
    add(*(text(r) for r in rules))


# Values of a rule.
for value in ('', '""', "''", 'null', '~', 'no', 'No', 'off', 'false', '0', '0x0', '0.0', '-0', '00', '0b0', '.0', '0e0',
              '0.e+0', '{}', '[]', '!', '! x', '! 5', "! 'x'", 'true', 'yes', 'on', 'y', 'n', '5', '1.5', '12:30', '0:30', '1:00.5',
              '0o17', '1_000', '1e3', '1.0e3', '.inf', '-.INF', '.nan', '2001-12-14', '2001-12-14 21:59:43', '2001-1-1',
              '{"role:zz": 1}', '{"role:member": 1}', '{role:member: x}', '[[]]', '[""]', '[null]', '[0]', '[{}]',
              '[[null]]', '["not role:zz"]', '["role:zz or role:member"]', '[" role:member"]', '["a b:x"]',
              '[["(role:member)"]]', '[5]', '[true]', '[[5]]', '[["role:member"], ["role:zz"]]',
              '[["role:member", "role:zz"]]', '[["role:member", "user_id:%(user_id)s"]]', '[role:member]', '[@]', '["@"]',
              '["!"]', '[["@", 5]]', '[["@", null]]', '[["@", ["role:member"]]]', '[{"role:member": 1}]', '[[[]]]',
              '!!str 5', '!!str role:member', '!!int "5"', '!foo x', '!!null x', '!!binary eA==', '!!float 0', '!!bool no',
              '>-\n  role:member\n  or role:zz', '|\n  role:zz or\n  role:member', 'role:member # x', '"role:member # x"',
              'role:zz\n or role:member', '"role:zz\n or role:member"', '- role:zz\n- role:member', '\n- - role:member\n  - role:zz\n- role:member',
              '&x role:member', '*x', '@', '%x', '`x', 'a: b', '"x" y', "'it''s'", '"\\x41:%(x)s"', '"\\u0041"', '"\\q"', '<<',
              '=', '?', '-', '- -', '[role:member', '"role:member', '[a, b]]', "'role:member", '{a: b', '>', '|', '[,]', '[role:member,]',
              '[role:member,,role:zz]', '\trole:member', 'role:member\t', 'role:member\t# x', '"role:member"\t', 'role:a\tb', '"role:a\tb"'):
    add('a:b: ' + value + '\n')

# Files.
add('', '{}', '[]', '[1]', 'null', '0', '5', 'text', '"x"', '# nothing\n', '---\n', '--- {}\n', '---\na:b: "@"\n...\n', 'a:b: "@"\n---\na:c: "@"\n',
    '{"a:b": "@",}', '{"a:b": "@",,}', '{"a:b": "!", "a:b": "@"}', '{\n\t"a:b": "@"\n}', '{\n  "a:b"\n  : "@"\n}', '{"a:b" : "@"}',
    '{"a:b":"@"}', '{"a:b":@}', '{a:b: "@"}', '{a:b:"@"}', '{"a:b": "@"', '{"a:b": "@"}}', '{"a:b": "@"} x', '{"a:b": "@"} # x', '{"a:b" "@"}',
    '{"a:b": "@" "a:c": "@"}', '{"a:b": "@"\n "a:c": "@"}', '{"a:b": "@\n, "a:c": "@"}', '{"a:b": "@, "a:c": "@"}', "{'a:b': '@'}",
    '12:30: "@"\na:b: "@"\n', 'yes: "@"\na:b: "@"', 'null: "@"\na:b: "@"', '"yes": "@"', '1.5: "@"', '2001-01-01: "@"', '5: 5', 'yes: [5]',
    '[a]: "@"', '{a: b}: "@"', '? a:b\n: "@"\n', '? "a:b"\n: "@"\n', 'a:b: "@"\n a:c: "@"\n', '  a:b: "@"\n  a:c: "@"\n', '  a:b: "@"\na:c: "@"\n',
    'x: &x {a:c: "@"}\n<<: *x\n', 'base: &x {"a:c": "@", "a:b": "!"}\n"a:b": "@"\n<<: *x\n', '<<: [{a:b: "@"}, {a:b: "!", a:c: "!"}]\n', '<<: 5\n', '<<: [5]\n',
    '"<<": {a:b: "@"}\n', '"<<": "@"\n', '=: "@"\n', 'a:b: *nope\n', '%YAML 1.1\n---\na:b: "@"\n', '%YAML 1.2\n---\na:b: "@"\n', '%FOO\n---\na:b: "@"\n',
    '\ufeffa:b: "@"\n', 'a:b: "@"\r\na:c: "!"\r\n', 'a:b: "@"\ra:c: "!"\r', 'a:b: "\x7f"\n', 'a:b: "\x00"\n', 'a:b: "\x85@"\n', 'a:b: @\n', '"a:b": "role:member" or "role:zz"\n',
    'a:b: role:member or\n  role:zz\n', 'a:b: role:member: x\n', 'a:b:\n  "@"\n', 'a:b:\n"@"\n', 'a:b:\n- "@"\n', 'a:b:\n  - "@"\n - "!"\n', 'a:b : "@"\n', 'a:b:"@"\n', 'a:b\n',
    'a:b: "@"\n# x\n\n# y\na:c: "!"\n', 'a:b: "@" # it\'s\n', 'a:b: "@"# x\n', '\ta:b: "@"\n', 'a:b:\t"@"\n', 'a:b: "@"\n\t\n', 'a:b: "@"\n\t# x\n', '# \tx\na:b: "@"\n', '{"a:b": [["role:member"],\n\t["role:zz"]]}',
    'a:b: |\n  role:member\n\t\na:c: "@"\n', 'a:b: |\n  role:member\tx\n', '"a\n b": "@"\n', '{"a\n b": "@"}', '{"%s": "@"}' % ('a' * 1100), '"%s": "@"\n' % ('a' * 1100), 'a:b: "@"\n"a:c": "@"\n\'a:d\': "@"\n',
    '{? a:b : "@"}', '{a:b}', '{"a:b"}', '{a:b, a:c}', '{"a:b": , "a:c": "@"}', '{a:b: [role:member, role:zz]}', '["a:b", "@"]', '- a:b: "@"\n', 'a:b: {x: {y: z}}\n', 'a:b: [{x: y}, {z: w}]\n')

# Terms.
add_texts(' ', '\n', '()', '( )', '(())', 'not', 'and', 'or', '@', '!', '@@', '@ @', '@ or', 'or @', '@ and', 'not not @', 'not not not @', 'not (@)', '(not @)',
          '(@', '@)', '((@)', '(@))', '( @ )', '(@)(@)', '(@) (@)', '(@)or(@)', '@ or !', '@ and !', '! or @ and !', '@ or @ and !', '@ or (@ and @) and !', '@ or (! and @) and ! and @ or @',
          '(@ or @) and !', 'not @ and !', 'not ! and @', 'not @ or @', '@ and not !', '@ and not not @', '@ or not @ and !', '@ not @', 'not', '@ or or @', '@ and or @', '@ AND @', '@ Or !', 'NOT !', 'nOt !', 'oR',
          'role:member # x', 'role:member', 'role:MEMBER', 'role:zz', 'role:ÄRGER', 'role:ärger', 'role:STRASSE', 'role:STRAßE', 'role:ας', 'role:ασ', 'role:ΑΣ', 'role:%(target.role.name)s', 'role:%(nope)s', 'role:%(number)s',
          'not role:%(nope)s', 'role:', 'ROLE:member', 'Rule:x', 'roles:member', 'roles:MEMBER', '"role:member"', "'role:member'", "'x':'x'", "('x':'x')", "('x':x)", "'x':x", '"x":x', "'x':x)", "''", "'", '"', '("")', "('')",
          'role:member\xa0or\xa0role:zz', 'role:member\u2003and\u3000role:zz', 'role:member\x1cor\x1drole:zz', 'role:member\u200bor', 'admin', 'not admin', '@ or admin', 'role:a:b', ':', ':x', 'x:', '::', 'user_id:', 'empty:', 'user_id:u1', 'user_id:u2',
          'user_id:%(user_id)s', 'user_id:%(target.user.id)s', 'user_id:%(nope)s', 'not user_id:%(nope)s', 'user.id:u1', 'user.domain.id:d1', 'user.domain.name:None', 'user.domain.x.y:1', 'user.id.x:1', 'user_id.x:u', 'not user_id.x:u', 'null.x:1', 'is_admin.x:1', 'number.x:1',
          'half.x:1', 'list.x:1', 'nested.x:1', 'nested:a', "nested:['a']", 'list:a', 'list:1', 'list:c', 'is_admin:False', 'is_admin:0', 'is_admin:false', 'null:None', 'null:', 'number:16', 'number:0x10', 'half:0.5', 'nope:x', 'nope.x:y', 'not nope:x',
          'catalog.endpoints.region:R2', 'catalog.endpoints.region:R3', 'catalog.type:image', 'mixed.x:1', 'mixed.x:2', 'mixed:text', "user.domain:{'id': 'd1', 'name': None}", 'a-b:dash', 'a[0]:index')

# The left side as a Python literal.
for left in ('1a', '0x10', '16', '1.0', '1', '1e3', '1E3', '1e', '1.', '.5', '.', '..', '...', '1_0', '1__0', '_1', '1_', '0o17', '0b11', '0b2', '017', '00', '0_0', '0xg', '1j', '2.5j', '1+2j', '1-2j', '1+2', '-1', '+1', '--1', '-0', '-0.0', '~1', '-True',
             'not', 'None', 'True', 'False', 'true', 'none', 'class', 'x.class', 'x.None', 'is', 'lambda', 'a.b', 'a..b', 'a.', '.a', 'a-b', 'a+b', 'a*b', 'a**b', 'a//b', 'a@b', 'a%b', 'a<b', 'a<=b', 'a<>b', 'a==b', 'a=b', 'a!=b', 'a!b', 'a|b', 'a&b', 'a^b',
             'a<<b', 'a>>b', 'a>>>b', 'a,b', 'a,', ',', '1,', '1,2', 'a;b', 'a?b', 'a$', '$a', 'a\\', 'a#b', '1#b', '#', '[1]', '[1,2]', '[]', '{}', '{1}', '{1,1}', '(1', '[1', "['a',1]", '[a]', 'a[0]', 'a[', 'a[]', 'a[1,2]', 'a()', 'set()', 'f(1)', 'f(a=1)', 'f(,)', 'a.b()',
             "'a'", '"a"', "'a''b'", "'a'b'c'", "b'a'", "B'a'", "r'a\\n'", "u'a'", "f'a'", "f'{'", "rb'x'", "bu'x'", "'a", "a'", "'\\x41'", "'\\101'", "'\\n'", "'\\q'", "'\\u00e9'", "'\\xe'", "'\\N{DASH}'", "b'\\xe9'", "b'é'", "'é'", 'é', 'ñame', 'a\u0301', '²', 'a²', '１', 'ａ',
             "'''a'''", '"""a"""', "'''a'", "'it\"s'", 'a!r', '*a', '**a', 'a.b-c.d', 'a-1', '1-a', 'x.1', 'x.1a', '1.x', '1.real', '1..real', '-a', '+a', '~a', '-1j', '1+-2j', '-1+2j', '(1)+2', 'yield', 'await', 'a=', '=a', 'a:=1', '@a', '!a', '`a`', 'a\x0cb', '5f2b', '1e5f', '0e0', '1e400', '1e-400',
             '99999999999999999999999', '1if', '1or', 'aif', 'match', 'case', '_', 'print', 'a/b', 'os-x', 'os_x.y-z', "'Member'", '"Member"', 'a]', 'a}', '{', '}', 'nonlocal', 'async', 'a.async', "'a'.b", "''.x", '1.5.x', '[].x', 'None.x', 'a.b.c.d.e'):
    for right in ('16', '1', 'a', 'None', left, "'%s'" % left.strip("'\"")):
        add_texts(left + ':' + right)
for left in (' role', 'role ', 'a b', 'x y', "'x' 'y'", '1 ', ' 1', '\t1', '\n1', '1\n', '1\n2', 'a if b else c', 'a and b', 'a or b', 'not a', 'a in b', 'a not in b', 'a is not b', 'a not b', '1 + 2j', '( 1 )', '(1)', '(1,)', '()', '(a)', '[ 1, 2 ]', '(\n1)', 'a # b', '1 # b', 'a\nb', '(a', 'a)', '- 1', 'a .b', 'a. b', 'f (1)', 'lambda x'):
    for right in ('1', 'space', 'None', '(1,)', '[1, 2]', '(1+2j)', 'xy', '()'):
        add(json.dumps({'a:b': [left + ':' + right]}))

# The right side as a Python format.
for right in ('100%', '%', '%%', '%%%%', '%s', '%d', '%(', '%(user_id', '%(user_id)', '%(user_id)y', '%(user_id)s%', '%(nope)', '%(nope)y', '%(user_id)s%s', '%s%(user_id)s', '%(user_id)%', '%(nope)%', '%5%', '%(user_id)5s', '%(user_id)-5s|', '%(user_id)05s', '%(user_id).1s', '%(user_id)5.1s', '%(user_id)*s', '%(user_id).*s',
              '%(user_id)ls', '%(user_id)hhs', '%(user_id)r', '%(text)s', '%(text)r', '%(text)a', '%(yes)s', '%(no)s', '%(null)s', '%(number)s', '%(big)s', '%(float)s', '%(huge)s', '%(tiny)s', '%(list)s', '%(percent)s', '%(a(b))s', '%()s', '%(yes)d', '%(null)d', '%(number)d', '%(number)i', '%(number)u', '%(big)d',
              '%(float)d', '%(user_id)d', '%(list)d', '%(number)5d', '%(number)05d', '%(number)-5d|', '%(number)+d', '%(number) d', '%(number).4d', '%(number)x', '%(number)X', '%(number)o', '%(number)#x', '%(number)#X', '%(number)#o', '%(number)#06x', '%(float)x', '%(user_id)x', '%(null)x', '%(number)c', '%(user_id)c', '%(float)c', '%(big)c',
              '%(float)f', '%(float)e', '%(float)g', '%(float)G', '%(float)E', '%(number)f', '%(yes)f', '%(float).1f', '%(float)010.2f', '%(float)+.1f', '%(huge)g', '%(tiny)g', '%(huge)f', '%(big)e', '%(user_id)f', '%(null)f', '%(text)c', '%(user_id)_s', '%(user_id)é', '%(user_id)99999999999999999999s', 'x%(user_id)sy', '%(user_id)s%(user_id)s', '%(user_id)s%%', '%(nope)s100%', '100% %(nope)s'):
    rules = {'a:b': ['user_id:' + right], 'a:c': ["'x':" + right]}
    try:
        want = right % TARGET
        rules['a:d'] = [repr(want) + ':' + right]
    except Exception:
        pass
    add(json.dumps(rules))
add_texts('True:%(yes)s', 'true:%(yes)s', 'None:%(null)s', "'':%(null)s", '16:%(number)s', '2.5:%(float)s', "['a',1]:%(list)s", 'not 1a:x', 'not !role:admin', '1a:x or @', '@ or 1a:x', '1a:x and !', '! and 1a:x', 'not (1a:x)', '1a:%(nope)s', 'not 1a:%(nope)s',
          '@ or user_id:100%', 'user_id:100% or @', "'member':%(target.role.name)s", "'manager':%(target.role.name)s or 'member':%(target.role.name)s", 'role:member or http://x/%(nope)s', 'http://x/%(nope)s', 'not http://x/%(nope)s', 'https:', 'http:', 'httpx:y')

# Rules that name rules.
for rules in ({'a:b': 'rule:x'}, {'a:b': 'not rule:x'}, {'a:b': 'rule:x', 'default': '@'}, {'a:b': 'rule:x', 'default': '!'}, {'a:b': 'rule:x', 'x': 'rule:y', 'y': '@'}, {'a:b': 'rule:default', 'default': 'rule:missing'}, {'a:b': 'not rule:missing', 'default': 'rule:missing'},
              {'a:b': 'rule:a:b'}, {'a:b': 'not rule:a:b'}, {'a:b': 'role:member or rule:a:b'}, {'a:b': 'rule:a:b or role:member'}, {'a:b': 'rule:a:c', 'a:c': 'rule:a:b'}, {'a:b': 'not rule:x', 'x': 'http://x/%(nope)s'}, {'a:b': 'rule:x', 'x': 'http://x/%(nope)s'}, {'a:b': 'not rule:x', 'x': '1a:x'},
              {'a:b': 'not rule:x', 'x': 'user_id:%(nope)s'}, {'a:b': 'rule:x y', 'x': '@'}, {'a:b': 'rule:', '': '@'}, {'a:b': 'rule:%(user_id)s', 'u1': '@'}, {'a:b': 'rule:x or rule:y', 'x': 'role:zz', 'y': 'role:member'}, {'a:b': [['rule:x', 'rule:y']], 'x': '@', 'y': 'role:member'}, {'default': '@', 'a:b': '!'}):
    add(json.dumps(rules))
for n in (10, 300, 400, 900, 970, 1000, 5000):
    add(text('not ' * n + '@'))
for n in (10, 300, 400, 600):
    add(text('@ and (' * n + '@ or @' + ')' * n))
for n in (10, 300, 400):
    add(json.dumps({'a:%d' % i: 'rule:a:%d' % (i - 1) if i else '@' for i in range(n)}))
for n in (10, 1000, 5000):
    add_texts('(' * n + '@' + ')' * n, '(' * n + '@')

# Random rules.
rng = random.Random(20261126)
words = ['and', 'or', 'not', 'and', 'or', '(', ')', '(', ')', '@', '!', 'role:member', 'role:zz', 'user_id:u1', 'user_id:%(user_id)s', 'is_admin:1', 'user_id:%(nope)s', '1a:x', 'user.id.x:1', "'x':x", 'x', '"x"', 'rule:a:b', 'rule:nope', 'NOT', 'catalog.type:image']


def expression(depth):
    kind = rng.random()
    if depth == 0 or kind < 0.35:
        return rng.choice(words[9:20])
    if kind < 0.5:
        return 'not ' + expression(depth - 1)
    if kind < 0.65:
        return '(' + expression(depth - 1) + ')'
    return rng.choice((' and ', ' or ')).join(expression(depth - 1) for _ in range(rng.randint(2, 3)))


for _ in range(400):
    add_texts(expression(4))
for _ in range(400):
    add_texts(rng.choice((' ', ' ', '')).join(rng.choice(words) for _ in range(rng.randint(1, 8))))
characters = 'ab1.0x_-+*/()[]{}<>=!,;%\'"#@ :s'
for _ in range(500):
    add_texts(''.join(rng.choice(characters) for _ in range(rng.randint(1, 8))) + ':a')
for _ in range(300):
    add_texts('user_id:%' + ''.join(rng.choice('(user_id)sdrx%-0 5.*') for _ in range(rng.randint(1, 12))))

seen = set()
unique = [v for v in vectors if not (v['file'] in seen or seen.add(v['file']))]
print('{"creds": %s,\n"target": %s,\n"vectors": [' % (json.dumps(CREDS), json.dumps(TARGET)))
print(',\n'.join(json.dumps(v) for v in unique))
print(']}')
