"""Write decisions.json: which of Keystone's rules allow, for callers and targets drawn at random.

Run it with an interpreter that has keystone: python decisions.py > decisions.json
"""

import json
import logging
import random
import warnings

from keystone.common import policies
from oslo_config import cfg
from oslo_policy import policy

logging.disable(logging.CRITICAL)
warnings.simplefilter('ignore')

rng = random.Random(5)
rules = list(policies.list_rules())


def enforcer(new):
    conf = cfg.ConfigOpts()
    conf([], default_config_files=[])
    e = policy.Enforcer(conf, policy_file='none.yaml')
    conf.set_override('enforce_new_defaults', new, 'oslo_policy')
    conf.set_override('policy_dirs', [], 'oslo_policy')
    e.register_defaults(rules)
    e.load_rules()
    return e


def caller():
    roles = rng.choice((['reader'], ['member', 'reader'], ['manager', 'member', 'reader'], ['Admin'], ['service'], []))
    creds = {'user_id': rng.choice(('u1', 'u2')), 'roles': roles, 'system_scope': None, 'domain_id': None, 'project_id': None, 'token': {}}
    scope = rng.choice(('system', 'domain', 'project', 'project', 'domain', 'none'))
    if scope == 'system':
        creds['system_scope'] = 'all'
    elif scope == 'domain':
        creds['domain_id'] = 'd1'
        creds['token'] = {'domain': {'id': 'd1'}}
    elif scope == 'project':
        creds['project_id'] = 'p1'
        creds['token'] = {'project': {'id': 'p1', 'domain': {'id': 'd1'}}}
    return creds


def target():
    keys = {
        'user_id': ('u1', 'u2'),
        'target.user.id': ('u1', 'u2'),
        'target.user.domain_id': ('d1', 'd2'),
        'target.group.domain_id': ('d1', 'd2'),
        'target.project.id': ('p1', 'p2'),
        'target.project.domain_id': ('d1', 'd2', None),
        'target.domain.id': ('d1', 'd2'),
        'target.domain_id': ('d1', 'd2', None),
        'target.role.name': ('admin', 'manager', 'member', 'reader'),
        'target.role.domain_id': (None, 'd1', 'd2'),
        'target.token.user_id': ('u1', 'u2'),
        'target.credential.user_id': ('u1', 'u2'),
        'target.trust.trustor_user_id': ('u1', 'u2'),
        'target.trust.trustee_user_id': ('u1', 'u2'),
        'target.limit.project_id': ('p1', 'p2', None),
        'target.limit.domain.id': ('d1', 'd2'),
        'target.limit.project.domain_id': ('d1', 'd2'),
    }
    return {k: rng.choice(v) for k, v in keys.items() if rng.random() < 0.8}


cases = []
for new in (True, False):
    e = enforcer(new)
    for _ in range(60):
        creds, tgt = caller(), target()
        allowed = [r.name for r in rules if e.enforce(r.name, tgt, dict(creds))]
        cases.append({'enforce_new_defaults': new, 'creds': creds, 'target': tgt, 'allowed': allowed})
print('[\n' + ',\n'.join(json.dumps(c) for c in cases) + '\n]')
