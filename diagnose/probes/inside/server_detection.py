"""Whether the machine behind a door is the target's server, by what its nginx is told to serve."""

import asyncio
import re

from diagnose.machine import Machine

#: Where configurations lie: distributions, own builds, panels.
PLACES = (
    "/etc/nginx/nginx.conf",
    "/etc/nginx/conf.d/*.conf",
    "/etc/nginx/sites-enabled/*",
    "/usr/local/nginx/conf/**/*.conf",
    "/usr/local/openresty/nginx/conf/**/*.conf",
    "/www/server/panel/vhost/nginx/*.conf",
)

_SERVER_NAME = re.compile(r"^[ \t]*server_name\s", re.MULTILINE)


async def serves(machine: Machine, name: str) -> bool:
    """Whether a configuration file of this machine's nginx names the host (server_name)."""
    found = await asyncio.gather(*(machine.glob(pattern) for pattern in PLACES))
    paths = [path for several in found for path in several][:500]
    files = await asyncio.gather(*(machine.read(path) for path in paths))
    return any(names(file.text, name) for file in files)


def names(text: str, host: str) -> bool:
    """Whether a server_name in a configuration's text is the host's, wildcards included."""
    for statement in re.split(r"[;{}]", text):
        directive = _SERVER_NAME.search(statement)
        words = statement[directive.end() :] if directive else ""
        if any(_matches(word.strip("\"'"), host.lower()) for word in words.lower().split()):
            return True
    return False


def _matches(given: str, host: str) -> bool:
    if given.startswith("*."):
        return host.endswith(given[1:])
    if given.startswith("."):
        return host == given[1:] or host.endswith(given)
    return given == host
