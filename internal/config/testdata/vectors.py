#!/usr/bin/env python3
"""Write vectors.json: what the real oslo.config makes of small files.

Run with a Python that has keystone and oslo.config installed:  python vectors.py > vectors.json
Each vector is a list of files' texts, the options asked for, and their values or null for a refusal.
"""
import json
import logging
import os
import sys
import tempfile
import warnings

warnings.simplefilter('ignore')
from oslo_config import cfg
from oslo_log import log
from keystone.conf import opts as keystone_opts
from oslo_db import options as db_options

logging.disable(logging.CRITICAL)


def text(value):
    """A value as the Go side prints it."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return ','.join(sorted('%s:[%s]' % (k, ','.join(v)) for k, v in value.items()))
    if isinstance(value, list):
        return value
    if isinstance(value, float):
        return repr(value).removesuffix('.0')
    return str(value)


def ask(texts, wanted):
    conf = cfg.ConfigOpts()
    for group, options in keystone_opts.list_opts():
        conf.register_opts(options, group=None if group == 'DEFAULT' else group)
    conf.register_opts(db_options.database_opts, group='database')
    log.register_options(conf)
    paths = []
    with tempfile.TemporaryDirectory() as folder:
        for i, t in enumerate(texts):
            paths.append(os.path.join(folder, '%d.conf' % i))
            with open(paths[-1], 'w', encoding='utf-8', newline='') as f:
                f.write(t)
        try:
            conf([], project='no-such-project', default_config_files=paths, default_config_dirs=[])
        except (cfg.Error, ValueError, RecursionError, KeyError):
            return None
    values = {}
    for name in wanted:
        group, option = name.split('.')
        try:
            values[name] = text(conf[option] if group == 'DEFAULT' else conf[group][option])
        except (cfg.Error, ValueError, RecursionError, KeyError):
            return None
    return values


URL = 'database.connection'
CASES = []


def case(*texts, want):
    CASES.append((list(texts), want.split()))


def one(value, option='DEFAULT.default_publisher_id', before=''):
    group, name = option.split('.')
    case('%s[%s]\n%s = %s\n' % (before, group, name, value), want=option)


# The file's syntax.
for line in ['a', 'a b', ' a ', '"a"', "'a'", '"a', 'a"', '"a\'', '"', "'", '""', '" a "', '"a" "b"', "''a''", 'a # b', 'a ; b', '# a', 'a = b',
             'a : b', '= a', ': a', 'a%b', '%(a)s', '%%', 'a\\', 'a\\n', '\ta', '\xa0a\xa0', '\x1ca\x1c', '\u2003a', 'ä€😀', 'a\x00b', 'a\x0bb', 'a\x85b',
             'a\n b', 'a\n\tb', 'a\n  b  \n  c', 'a\n\n b', 'a\n# c\n b', 'a\n ; b', 'a\n # b', '\n a', '"a\n b"', 'a\r', 'a\r\n b', 'a\rb = c', 'a,\n b']:
    one(line)
for text_ in ['default_publisher_id = a\n', '[DEFAULT\ndefault_publisher_id = a\n', '[]\n', '[', ']', '[DEFAULT] # c\n', '[DEFAULT]x\n',
              '[ DEFAULT ]\ndefault_publisher_id = a\n', '[default]\ndefault_publisher_id = a\n', ' [DEFAULT]\n', '\n\n[DEFAULT]\n\n', '', '\ufeff[DEFAULT]\n',
              '# c\n; c\n', '[DEFAULT]\nnonsense\n', '[DEFAULT]\n= a\n', '[DEFAULT]\n: a\n', '[DEFAULT]\n default_publisher_id = a\n',
              '[DEFAULT]\n[database]\n x\n', '[DEFAULT]\ndefault_publisher_id: a\n', '[DEFAULT]\ndefault_publisher_id:a=b\n', '[DEFAULT]\ndefault_publisher_id=a:b\n',
              '[DEFAULT]\ndefault_publisher_id=\n', '[DEFAULT]\ndefault_publisher_id\n=a\n', '[DEFAULT]\nDEFAULT_PUBLISHER_ID=a\n', '[DEFAULT]\n"default_publisher_id"=a\n',
              '[DEFAULT]\ndefault_publisher_id=a', '[DEFAULT]\r\ndefault_publisher_id=a\r\n', '[DEFAULT]\rdefault_publisher_id=a\r', '[DEFAULT]\t\ndefault_publisher_id=a',
              '[DEFAULT]\ndefault-publisher-id=a\n', '[DEFAULT]\nunknown = 1\n[unknown]\nx = 1\n', '[x y]\nz\u00fc = 1\n', '[[DEFAULT]]\n', '[a]b]\n',
              '[DEFAULT]\ndefault_publisher_id=a\n[database]\n[DEFAULT]\ndefault_publisher_id=b\n']:
    case(text_, want='DEFAULT.default_publisher_id')
case('[TOKEN]\nexpiration = 5\n', want='token.expiration')
case('[token]\nexpiration = 5\n[Token]\nexpiration = 6\n', want='token.expiration')
case('[Token]\nexpiration = 6\n[token]\nexpiration = 5\n', want='token.expiration')

# Booleans.
for v in ['true', 'True', 'TRUE', 'yes', 'on', '1', 'false', 'False', 'no', 'Off', '0', '', '2', 'y', 't', 'none', '"False"', "'no'", '" no"', 'enabled', 'true false', '00', '-1', '1.0']:
    one(v, 'DEFAULT.insecure_debug')
one('', 'ldap.chase_referrals')
one('no', 'ldap.chase_referrals')

# Numbers.
for v in ['5', ' 5', '"5"', '" 5 "', '+5', '-5', '05', '5.0', '0x5', '5s', 'five', '1e3', '--5', '5 5', '9223372036854775807', '\t7']:
    one(v, 'DEFAULT.max_project_tree_depth')
for v in ['0', '-1', '1000', '1001']:
    one(v, 'DEFAULT.max_db_limit')
for v in ['0', '1', '2147483648']:
    one(v, 'fernet_tokens.max_active_keys')
for v in ['4096', '4097', '-3']:
    one(v, 'identity.max_password_length')
for v in ['-1', '0', '96', '97', '', '" "']:
    one(v, 'identity.salt_bytesize')
for v in ['86400', '86401', '0']:
    one(v, 'receipt.expiration')
for v in ['0', '10', '11']:
    one(v, 'totp.included_previous_windows')
for v in ['-1', '-2', '0']:
    one(v, 'ldap.connection_timeout')
for v in ['0.1', '1', '.5', '2.', '1e-1', 'x', '" 0.25 "', '+1.5']:
    one(v, 'ldap.pool_retry_delay')
for v in ['', '60', 'none']:
    one(v, 'catalog.cache_time')
for v in ['90', '0', '']:
    one(v, 'security_compliance.password_expires_days')

# Choices and URIs.
for v in ['basic', 'cadf', 'CADF', '', 'both', '"basic"']:
    one(v, 'DEFAULT.notification_format')
for v in ['http://a', 'https://a:5000/identity', 'http://[::1]:5000', 'http://a/', 'a', '/a', 'http:', 'http://', 'HTTP://A', 'http://a b', '//a', 'http://a:b', 'http://a?b=c']:
    one(v, 'DEFAULT.public_endpoint')
one('http://a/' + 'x' * 1015, 'saml.idp_entity_id')
one('http://a/' + 'x' * 1016, 'saml.idp_entity_id')
for v in ['event', 'event,event', 'events', '', 'event,']:
    one(v, 'security_compliance.report_invalid_password_hash')

# Lists, lists of lists, repeated keys.
for v in ['a', 'a,b', ' a , b ', 'a,,b', ',a', 'a,', 'a,,', ',', '', '"a,b"', '"a","b"', '[a,b]', 'a\n b', 'a,\n b,\n c', 'a, b # c', 'a;b', '" a "', '",a "']:
    one(v, 'auth.methods')
for v in ['a:[b,c]', 'a:[b],d:[e,f]', ' a : [ b , c ] , d : [] ', '', 'a', 'a:', 'a:b', 'a:[b', 'a:b]', 'a:[b],', 'a:[b],a:[c]', ':[b]', 'a:[b:c]', 'a:[[b]]', 'a:[b]],c:[d]', 'a:[b,],c:[d]', 'a:[,]', 'a:[ ]', 'a:[b];c:[d]',
          'a:[]', 'a:[', 'a:]', 'a:[b],,c:[d]']:
    one(v, 'domain_config.additional_whitelisted_options')
case('[federation]\ntrusted_dashboard = a\ntrusted_dashboard = b\n', want='federation.trusted_dashboard')
case('[federation]\ntrusted_dashboard = a,b\n', want='federation.trusted_dashboard')
case('[federation]\ntrusted_dashboard =\n', want='federation.trusted_dashboard')
case('[federation]\ntrusted_dashboard = a\n b\ntrusted_dashboard = "c"\n', want='federation.trusted_dashboard')
case('[federation]\ntrusted_dashboard = a\n', '[federation]\ntrusted_dashboard = b\ntrusted_dashboard = c\n', want='federation.trusted_dashboard')
case('[DEFAULT]\nnotification_opt_out = x\n', want='DEFAULT.notification_opt_out')

# Precedence and former names.
case('[token]\nexpiration = 1\nexpiration = 2\n', want='token.expiration')
case('[token]\nexpiration = 1\n', '[token]\nexpiration = 2\n', want='token.expiration')
case('[token]\nexpiration = 1\n', '[token]\nprovider = jws\n', want='token.expiration token.provider')
case('[token]\nexpiration = x\nexpiration = 2\n', want='token.expiration')
case('[token]\nexpiration = x\n', '[token]\nexpiration = 2\n', want='token.expiration')
case('[assignment]\ncaching = false\n', want='resource.caching')
case('[assignment]\ncaching = false\n[resource]\ncaching = true\n', want='resource.caching')
case('[resource]\ncaching = true\n[assignment]\ncaching = false\n', want='resource.caching')
case('[resource]\ncaching = true\n', '[assignment]\ncaching = false\n', want='resource.caching')
case('[assignment]\ncaching = false\n', '[resource]\ncaching = true\n', want='resource.caching')
case('[token]\nrevocation_cache_time = 7\n', want='revoke.cache_time')
case('[DEFAULT]\nlog_config = /x\nlogfile = /y\nlogdir = /z\n', want='DEFAULT.log_config_append DEFAULT.log_file DEFAULT.log_dir')
case('[DEFAULT]\nlog-config = /x\n', want='DEFAULT.log_config_append')
case('[DEFAULT]\nlog-file = /x\n', want='DEFAULT.log_file')

# Substitution.
KEYS = '[fernet_tokens]\nkey_repository = /k\nmax_active_keys = 4\n'
for v in ['$log_dir/a', '${log_dir}/a', '$$log_dir', '\\$log_dir', '\\\\$log_dir', '$', 'a$', '$ a', '$5', '${', '${}', '${log_dir', '${ log_dir }', '$log_dir$log_dir', '$unknown', '${unknown}',
          '${unknown.option}', '${fernet_tokens.unknown}', '${fernet_tokens.key_repository}/x', '$fernet_tokens.key_repository/x', '${FERNET_TOKENS.key_repository}', '$LOG_DIR',
          '${fernet_tokens.max_active_keys}', '$insecure_debug', '$list_limit', '$log_dir.x', '$log_dirx', '$log_dir-x', '${DEFAULT.log_dir}', '$default_publisher_id', '$token', '${token}', '$$$log_dir', '$$$$',
          'pa$$word', 'pa$word', '$log_file', '$_x', '"$log_dir"', '$log_dir\n $log_dir', '%(log_dir)s', '${fernet_tokens.}', '$debug', '${token.expiration}', '${ldap.pool_retry_delay}', '\\$$log_dir']:
    one(v, 'DEFAULT.default_publisher_id', before=KEYS + '[DEFAULT]\nlog_dir = /var/log\nlog_file = $log_dir/b\n')
case(KEYS + '[fernet_receipts]\nkey_repository = $max_active_keys\n', want='fernet_receipts.key_repository')
case(KEYS + '[fernet_receipts]\nkey_repository = $insecure_debug\n', want='fernet_receipts.key_repository')
case(KEYS + '[token]\nexpiration = ${fernet_tokens.max_active_keys}0\n', want='token.expiration')
case('[DEFAULT]\nlog_dir = $log_file\nlog_file = $log_dir\n', want='DEFAULT.log_dir')
case('[DEFAULT]\nlist_limit = x\nlog_dir = $list_limit\n', want='DEFAULT.log_dir')
case('[DEFAULT]\nlog_dir = /a\n[federation]\ntrusted_dashboard = $log_dir\ntrusted_dashboard = ${DEFAULT.log_dir}\n', want='federation.trusted_dashboard')
case('[DEFAULT]\nlog_dir = /a\n[federation]\ntrusted_dashboard = $log_dir\n', want='federation.trusted_dashboard')
case('[DEFAULT]\nlog_dir = a,b\n[auth]\nmethods = $log_dir,c\n', want='auth.methods')
case('[DEFAULT]\nlog_dir = /a\n', '[DEFAULT]\nlog_file = $log_dir/f\n', '[DEFAULT]\nlog_dir = /b\n', want='DEFAULT.log_file')
one('mysql+pymysql://keystone:p@ss:w=rd#1@db/keystone?charset=utf8', URL)
one('sqlite:////var/lib/keystone/keystone.db', URL)

json.dump([{'files': t, 'want': ask(t, w), 'options': w} for t, w in CASES], sys.stdout, indent=0, ensure_ascii=True)
print()
