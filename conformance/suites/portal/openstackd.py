"""The openstack command, loaded once: starting it takes longer than all that the server does.

    openstackd.py SOCKET

A client sends {"argv", "env", "stdin", "cwd"} and gets {"status", "stdout", "stderr"}; each runs in a process of its own.
"""

import getpass
import importlib
import json
import os
import pkgutil
import socketserver
import sys
import tempfile

import openstack
from keystoneauth1 import loading
from openstackclient import shell
import openstackclient.identity.v3


def run(argv, env, stdin, cwd):
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    os.setsid()
    files = [tempfile.TemporaryFile("w+") for _ in range(3)]
    files[0].write(stdin)
    files[0].seek(0)
    for fd, file in enumerate(files):
        os.dup2(file.fileno(), fd)
    if stdin:  # passwords are asked for at a terminal only
        os.dup2(os.openpty()[1], 0)
        lines = iter(stdin.splitlines())
        getpass.getpass = lambda prompt="": next(lines)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0, "r", closefd=False), os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    try:
        status = shell.main(argv)
    except SystemExit as exit:
        status = exit.code
    except BaseException as error:
        print(error, file=sys.stderr)
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    for file in files:
        file.seek(0)
    return {"status": status or 0, "stdout": files[1].read(), "stderr": files[2].read()}


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        asked = json.loads(self.rfile.readline())
        self.wfile.write(json.dumps(run(**asked)).encode())


class Server(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    max_children = 8
    request_queue_size = 64


for module in pkgutil.iter_modules(openstackclient.identity.v3.__path__):
    importlib.import_module("openstackclient.identity.v3." + module.name)
for plugin in "password", "v3password", "v3multifactor", "v3applicationcredential":
    loading.get_plugin_loader(plugin)
try:
    shell.main(["--version"])
except SystemExit:
    pass
Server(sys.argv[1], Handler).serve_forever()
