"""Serves one of Swift's daemons: daemon.py proxy-server|object-server|… FOLDER. Without this it reads /etc/swift/swift.conf."""

import sys

from swift.common.utils import set_swift_dir
from swift.common.wsgi import run_wsgi

section, folder = sys.argv[1:]
set_swift_dir(folder)
sys.exit(run_wsgi(f"{folder}/{section}.conf", section, verbose=True))
