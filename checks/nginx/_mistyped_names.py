"""A `server_name` that is the host but for a slip: a misspelling, a comma, a scheme, a port or a
path in it, another script."""

import re

from checks.nginx import Nginx, SelectedServer
from checks.nginx._certificates import certificate_files
from checks.nginx._commands import reload_steps
from checks.nginx._default_blocks import server_on_other_port
from checks.nginx._edits import Changes, config_edits
from diagnose.model import Applicability, Fix
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.hostnames import covers
from diagnose.parsers.misspellings import MIN_LIKENESS, likeness, sent_name
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.server_blocks import file_paths


@frozen
class Mistyped:
    """A server_name that is a misspelling of the host: the word, and its directive."""

    name: str
    directive: Directive


def _written_hosts(word: str) -> tuple[str, ...]:
    """Return the hosts that a word of `server_name` means to a person: without commas, a scheme, a
    port and a path, which nginx takes for parts of the name."""
    parts = (re.sub(r"^https?://|(?::\d+)?(?:/.*)?$", "", part) for part in word.split(","))
    return tuple(part.lower() for part in parts if part)


def means_host(word: str, host: str) -> bool:
    return word.lower() != host and host in _written_hosts(word)


def find_mistyped(
    nginx: Nginx, selected_servers: list[SelectedServer], host: str
) -> Mistyped | None:
    """Return the name on this port that is almost the host, or the host in another encoding."""
    best, nearest = MIN_LIKENESS, None
    on_port = {
        id(server.block): server
        for selected_server in selected_servers
        for server in selected_server.socket.servers
    }
    for server in on_port.values():
        for directive in children(server.block, "server_name"):
            for name in directive.args:
                is_same = sent_name(name) == host or means_host(name, host)
                degree = 1.0 if is_same else likeness(name, host)
                if degree >= best and nginx.file(directive):
                    best, nearest = degree, Mistyped(name, directive)
    return nearest


def _is_meant(nginx: Nginx, mistyped: Mistyped, host: str) -> bool:
    """Return whether the name is a misspelling and not another site's name; of api1 and api2
    neither is one.

    The host's site exists elsewhere under its right name, no other block has this name, and the
    block's certificate is stored under the host's name or, if it was read, is valid for the host
    alone.
    """
    name = mistyped.name.lower()
    servers = [server for server in nginx.servers if name in server.names]
    if len(servers) != 1 or not server_on_other_port(nginx, host):
        return False
    leaves = [file.chain[0] for file in certificate_files(nginx, servers[0]) if file.chain]
    if leaves:
        return all(
            covers(host, leaf.dns_names, leaf.addresses)
            and not covers(name, leaf.dns_names, leaf.addresses)
            for leaf in leaves
        )
    paths = file_paths(servers[0], "ssl_certificate")
    parts = {part for path in paths for part in re.split(r"/|\.(?:pem|crt|cer)$", path)}
    return host in parts and not any(name in path for path in paths)


def mistyped_fix(nginx: Nginx, mistyped: Mistyped, host: str) -> Fix | None:
    """Write the host in place of the misspelt name; None where its file was not read."""
    is_miswritten = means_host(mistyped.name, host)
    words = " ".join(_written_hosts(mistyped.name)) if is_miswritten else host
    changes: Changes = {}
    for directive in (mistyped.directive, *_same_names(nginx, mistyped, host)):
        file = nginx.file(directive)
        at = file.text.find(mistyped.name, directive.start, directive.stop) if file else -1
        if at >= 0:
            change = TextEdit(at, at + len(mistyped.name), words)
            changes.setdefault(directive.file, []).append(change)
    file_edits = config_edits(nginx, changes) if mistyped.directive.file in changes else ()
    if not file_edits:
        return None
    sure = (
        sent_name(mistyped.name) == host
        or means_host(mistyped.name, host)
        or _is_meant(nginx, mistyped, host)
    )
    applicability = Applicability.AUTOMATIC if sure else Applicability.REVIEW
    return Fix((*file_edits, *reload_steps(nginx)), applicability)


def _same_names(nginx: Nginx, mistyped: Mistyped, host: str) -> tuple[Directive, ...]:
    """Return the lines of other blocks with the same name (that of port 80), unless a block has the
    host already."""
    if any(host in server.names for server in nginx.servers):
        return ()
    return tuple(
        directive
        for server in nginx.servers
        for directive in children(server.block, "server_name")
        if mistyped.name in directive.args and directive is not mistyped.directive
    )
