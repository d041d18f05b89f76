"""What takes a path from the locations of the servers that answer the site."""

from collections.abc import Iterator

from checks.nginx import Nginx
from diagnose.parsers.nginx.bypasses import Bypass, bypass_of


def bypasses(nginx: Nginx, path: str) -> Iterator[Bypass]:
    """Yield what takes a path from a location that passes it on, for each server that answers."""
    for selected in nginx.answering_servers():
        if bypass := bypass_of(selected.server, path):
            yield bypass
