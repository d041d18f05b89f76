"""The edits in the place of an error with which nginx itself answers: a redirect to https, the
`proxy_pass` that is meant by an address in `root`, a manifest that browsers may read."""

import re

from checks.nginx import Nginx
from checks.nginx._commands import chosen_edits
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import copied_lines
from checks.nginx._repairs import blocks_around
from diagnose.model import Command, Edit, Evidence
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import (
    TextEdit,
    insert_location,
    remove_directive,
    replace_directive,
)
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.server_blocks import parse_listen

#: A page's manifest, which browsers ask for without the user's password (W3C Web Application
#: Manifest, "Processing the manifest"; HTML standard, "link type manifest").
_MANIFEST = re.compile(
    r"(?:https?://[^\s/]{1,253})?(?P<path>(?:/[\w.-]{1,60}){0,5}/)?"
    r"(?P<name>[\w.-]{1,40}\.webmanifest|(?:[\w-]{1,20}-)?manifest\.json)\b",
    re.IGNORECASE | re.ASCII,
)
_PLAIN = re.compile(r"/[\w./-]{1,300}", re.ASCII)
_REDIRECT = "return 301 https://$host$request_uri;"

Typed = tuple[Command | Edit, ...]


def reported_manifest(evidence: Evidence) -> str:
    """Return the path of the manifest that the target is, or that a message is about; "" if there
    is none."""
    symptom, path = evidence.target.symptom, evidence.target.path_without_query
    text = path if symptom is None or _MANIFEST.fullmatch(path) else symptom.text[:4000]
    match = _MANIFEST.search(text)
    return f"{match['path'] or '/'}{match['name']}" if match else ""


def redirect_edits(nginx: Nginx, directive: Directive) -> tuple[Edit, ...]:
    """Redirect to https where the block of the name for plain HTTP alone ends with an error; () for
    another block, such as the one that refuses all names without a block."""
    around = blocks_around(nginx, directive)
    servers = [block for block in around if block.name == "server"]
    listens = [
        listen
        for block in servers
        for line in children(block, "listen")
        for listen in parse_listen(line)
    ]
    host = nginx.evidence.target.host
    is_own = any(
        name in {host, f".{host}"}
        or (name.startswith((".", "*.")) and host.endswith(name.lstrip("*")))
        for block in servers
        for line in children(block, "server_name")
        for name in line.args
    )
    is_plain = is_own and not any(listen.ssl or listen.port == 443 for listen in listens)
    is_last = directive.name == "return" and around[-1:] == tuple(servers)
    if not is_plain or not is_last:
        return ()
    return config_edits(nginx, {directive.file: [replace_directive(directive, _REDIRECT)]})


def passing_edits(nginx: Nginx, directive: Directive, address: str) -> tuple[Edit, ...]:
    """Write `proxy_pass` in the place of a `root` or `alias` with an address, and take out what is
    about files; () outside of a location."""
    around = blocks_around(nginx, directive)
    block = around[-1] if around else None
    file = nginx.file(directive)
    if block is None or block.name != "location" or file is None or block.file != directive.file:
        return ()
    changes: list[TextEdit] = [replace_directive(directive, f"proxy_pass {address};")]
    for name in ("index", "try_files"):
        changes += [remove_directive(file.text, line) for line in children(block, name)]
    return config_edits(nginx, {file.path: changes})


def manifest_steps(nginx: Nginx, match: LocationMatch, path: str) -> Typed:
    """Return what shows everybody a page's manifest and nothing else: a location of its own, with
    the lines of the one that answers it; () where those are not to be copied."""
    off, server = "auth_basic off;", match.blocks[1]
    source = nginx.file(server)
    lines = (
        copied_lines(nginx, match.block, {"auth_basic": off}) if match.block is not server else []
    )
    if lines is None or source is None or not _PLAIN.fullmatch(path):
        return ()
    body = lines if off in lines else [off, *lines]
    change = insert_location(source.text, server, f"location = {path}", body)
    return chosen_edits(nginx, config_edits(nginx, {source.path: [change]}))
