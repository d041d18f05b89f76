"""The application to which a path may belong that nginx serves from files."""

import re

from checks.nginx import Nginx
from checks.upstream._listening import only_port
from diagnose.parsers.nginx.locations import LocationMatch, all_locations, proxy_pass_of

_ADDRESS = re.compile(r"https?://[^/$]+")


def only_application(nginx: Nginx, match: LocationMatch) -> str:
    """Return the address of the only application to which the server block of a location passes
    requests on; where it passes none on, that of the only program that listens; "" if it is not
    known."""
    targets = _passed_to(nginx, match)
    if len(targets) == 1:
        return targets.pop()
    port = "" if targets else only_port(nginx.evidence)
    return f"http://127.0.0.1:{port}" if port else ""


def opens_program(nginx: Nginx, match: LocationMatch) -> bool:
    """Return whether no location of the server block passes requests on yet: the program may be one
    for administrators alone."""
    return not _passed_to(nginx, match)


def _passed_to(nginx: Nginx, match: LocationMatch) -> set[str]:
    """Return the addresses of the applications of a location's server block; "" is one that depends
    on the request."""
    server = next((block for block in match.blocks if block.name == "server"), None)
    directives = [
        directive
        for each in nginx.servers
        if each.block is server
        for location in all_locations(each)
        if (directive := proxy_pass_of(location)) and directive.args
    ]
    addresses = {directive.args[0]: _ADDRESS.match(directive.args[0]) for directive in directives}
    return {address[0] if address else "" for address in addresses.values()}


def folder_of(path: str) -> str:
    """Return the first folder of a path ("/api/"), or the path itself if it is in none."""
    first, slash, _ = path.partition("?")[0].lstrip("/").partition("/")
    return f"/{first}/" if slash else f"/{first}"
