"""The openstack command as an actor uses it: one line at a time, and what it printed."""

import contextlib
import io
import json
import logging
import os
import shlex
import subprocess

from openstackclient import shell
from osc_lib import clientmanager


def forget_clients():
    """Drops the clients that the command keeps for the life of its process, with whoever they logged in as."""
    for kept in vars(clientmanager.ClientManager).values():
        if isinstance(kept, clientmanager.ClientCache):
            kept._handle = None


class Refused(Exception):
    """A command failed; its text is what it printed to standard error."""


class Actor:
    """Somebody with a name, a password and a scope.

    The command's own main is called in this process: starting it takes longer than all that the server does.
    """

    used = set()  # the commands that any actor gave, as their entry points are spelled

    def __init__(self, **env):
        self.env = env

    def run(self, line):
        """Runs a command and returns its output."""
        argv = shlex.split(line)
        out, err = io.StringIO(), io.StringIO()
        with self.environment(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            logging.getLogger().handlers.clear()
            forget_clients()
            app = shell.OpenStackShell()
            find = app.command_manager.find_command

            def note(argv):
                found = find(argv)
                Actor.used.add(found[1].replace(" ", "_"))
                return found

            app.command_manager.find_command = note
            try:
                status = app.run(argv)
            except SystemExit as exit:  # argparse: an option that the command does not know
                status = exit.code
        if status != 0:
            raise Refused(err.getvalue())
        return out.getvalue()

    def show(self, line):
        """Runs a command that prints one thing or a list, and returns it."""
        return json.loads(self.run(line + " -f json"))

    def names(self, line):
        """The names that a list command prints, sorted."""
        return sorted(row["Name"] for row in self.show(line))

    def process(self, line):
        """Runs the command as a process of its own."""
        with self.environment():
            done = subprocess.run([os.environ["OPENSTACK"], *shlex.split(line)], capture_output=True, text=True)
        if done.returncode != 0:
            raise Refused(done.stderr)
        return done.stdout

    @contextlib.contextmanager
    def environment(self):
        kept = {name: value for name, value in os.environ.items() if name.startswith("OS_")}
        for name in kept:
            del os.environ[name]
        for name in ("OS_AUTH_URL", "OS_IDENTITY_API_VERSION", "OS_REGION_NAME"):
            os.environ[name] = kept[name]
        os.environ.update({"OS_" + name.upper(): value for name, value in self.env.items()})
        try:
            yield
        finally:
            for name in [name for name in os.environ if name.startswith("OS_")]:
                del os.environ[name]
            os.environ.update(kept)
