"""Detects whether a machine is the target's server, from the names that its nginx serves."""

import asyncio
import re

from diagnose.machine import Machine
from diagnose.parsers.nginx.install_paths import CONFIG_FOLDERS, PANEL_SITE_FOLDERS

#: A distribution's folder holds much besides: only what its main file includes is read.
CONFIG_PATTERNS = (
    "/etc/nginx/nginx.conf",
    "/etc/nginx/conf.d/*.conf",
    "/etc/nginx/sites-enabled/*",
    *(f"{folder}/**/*.conf" for folder in CONFIG_FOLDERS if folder != "/etc/nginx"),
    *(f"{folder}/*.conf" for folder in PANEL_SITE_FOLDERS),
)

_SERVER_NAME = re.compile(r"^[ \t]*server_name\s", re.MULTILINE)


async def serves(machine: Machine, name: str) -> bool:
    """Whether a configuration file of this machine's nginx has the host as a server_name."""
    matches = await asyncio.gather(*(machine.glob(pattern) for pattern in CONFIG_PATTERNS))
    paths = [path for group in matches for path in group][:500]
    files = await asyncio.gather(*(machine.read(path) for path in paths))
    return any(names(file.text, name) for file in files)


def names(text: str, host: str) -> bool:
    """Whether a server_name in a configuration's text matches the host, wildcards included."""
    for statement in re.split(r"[;{}]", text):
        directive = _SERVER_NAME.search(statement)
        words = statement[directive.end() :] if directive else ""
        if any(
            _matches(server_name.strip("\"'"), host.lower())
            for server_name in words.lower().split()
        ):
            return True
    return False


def _matches(server_name: str, host: str) -> bool:
    if server_name.startswith("*."):
        return host.endswith(server_name[1:])
    if server_name.startswith("."):
        return host == server_name[1:] or host.endswith(server_name)
    return server_name == host
