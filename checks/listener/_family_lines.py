"""The lines by which Apache, HAProxy or Caddy listens in one IP family alone, and the edits by
which it listens in both."""

import re

from checks.listener._loopback_lines import restart_steps
from checks.server import (
    file_rows,
    line_edit,
    place_text,
    reload_steps,
    server_view,
)
from diagnose.model import Applicability, Evidence, Fix
from diagnose.model.addresses import bracketed, family_of
from diagnose.model.frozen import frozen

#: Apache: one socket in a line (mpm_common, "Listen"), and the addresses of a site.
_LISTEN = re.compile(r"(?i)(\s*Listen\s+)(\[[0-9A-F:]{2,45}\]|[\d.]{7,15}):(\d{1,5})(\s.*)?")
_HOST = re.compile(r"(?i)(\s*<VirtualHost\s+)([^>]{1,1000})(>.*)")
#: HAProxy: a socket with an address and a port; without an address it is IPv4's (Configuration
#: Manual, "bind").
_BIND = re.compile(r"(\s*bind\s+)(\[[0-9A-Fa-f:]{2,45}\]|[\d.]{7,15}|\*|):(\d{1,5})(\s.*)?")

_WILDCARDS = {"": 4, "*": 4, "0.0.0.0": 4, "::": 6}


@frozen
class FamilyLines:
    """The place of the first line, and the fix that lets the server listen in both families."""

    place: str
    fix: Fix


@frozen
class _Wanted:
    """The family in which nothing listens, the addresses that DNS has in it, and the ports."""

    family: int
    addresses: tuple[str, ...]
    ports: tuple[int, ...]

    def is_other_family(self, address: str) -> bool:
        return _WILDCARDS.get(address, family_of(address)) != self.family

    def twins(self, address: str) -> tuple[str, ...]:
        """Return the addresses beside one of the other family: all, if that is all of its own."""
        if address not in _WILDCARDS:
            return tuple(map(bracketed, self.addresses))
        return ("[::]" if self.family == 6 else "0.0.0.0",)


def family_lines(
    evidence: Evidence, family: int, addresses: tuple[str, ...], ports: tuple[int, ...]
) -> FamilyLines | None:
    """Return the lines of the server that has the port, and what lets it listen at the addresses of
    `family` too. An address of its own gets these addresses beside it, and no more is opened. None
    if the lines are not known."""
    view = server_view(evidence)
    if view is None or view.config is None:
        return None
    change = {"apache": _apache_row, "haproxy": _haproxy_row, "caddy": _caddy_row}.get(
        view.server.product
    )
    if change is None:
        return None
    wanted = _Wanted(family, addresses, ports)
    changes: dict[str, dict[int, tuple[str, ...]]] = {}
    for file in view.config.files:
        for number, row in enumerate(file_rows(view, file), 1):
            if rows := change(row[:2000], wanted):
                changes.setdefault(file.path, {})[number] = rows
    first = next(((path, min(rows)) for path, rows in changes.items()), None)
    edits = [edit for path, rows in changes.items() if (edit := line_edit(view, path, rows))]
    # HAProxy opens its new sockets beside the old ones. Apache and Caddy cannot: Linux refuses a
    # socket for both families while that for one of them is open.
    is_haproxy = view.server.product == "haproxy"
    steps = reload_steps(view.server) if is_haproxy else restart_steps(view.server)
    if first is None or len(edits) != len(changes) or not steps:
        return None
    return FamilyLines(place_text(*first), Fix((*edits, *steps), Applicability.REVIEW))


def _apache_row(row: str, wanted: _Wanted) -> tuple[str, ...]:
    """Return the rows in the place of a `Listen` or `<VirtualHost>`, () if it stays. A `Listen`
    with a port alone takes both families (binding.html, "Special IPv6 considerations")."""
    if match := _LISTEN.fullmatch(row):
        address, port, rest = match[2].strip("[]"), int(match[3]), match[4] or ""
        if port not in wanted.ports or not wanted.is_other_family(address):
            return ()
        if address in _WILDCARDS:
            return (f"{match[1]}{port}{rest}",)
        return (row, *(f"{match[1]}{twin}:{port}{rest}" for twin in wanted.twins(address)))
    host = _HOST.fullmatch(row)
    if host is None:
        return ()
    words = [word for name in host[2].split() for word in _host_words(name, wanted)]
    return (f"{host[1]}{' '.join(dict.fromkeys(words))}{host[3]}",) * (words != host[2].split())


def _host_words(name: str, wanted: _Wanted) -> tuple[str, ...]:
    """Return the addresses of a site in the place of one: all of the wanted port, or the published
    ones beside it."""
    address, _, port = name.rpartition(":")
    address = address.strip("[]")
    is_address = re.fullmatch(r"[\d.]{7,15}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{1,40}", address)
    if not is_address or not port.isdecimal() or int(port) not in wanted.ports:
        return (name,)
    if not wanted.is_other_family(address):
        return (name,)
    if address in _WILDCARDS:
        return (f"*:{port}",)
    return (name, *(f"{bracketed(each)}:{port}" for each in wanted.addresses))


def _haproxy_row(row: str, wanted: _Wanted) -> tuple[str, ...]:
    """Return the row and its twins, () if it is no `bind` of the other family."""
    match = _BIND.fullmatch(row)
    if match is None or int(match[3]) not in wanted.ports:
        return ()
    address, rest = match[2].strip("[]"), match[4] or ""
    if not wanted.is_other_family(address):
        return ()
    option = " v6only" if wanted.family == 6 and address in _WILDCARDS else ""
    twins = (f"{match[1]}{twin}:{match[3]}{option}{rest}" for twin in wanted.twins(address))
    return (row, *twins)


def _caddy_row(row: str, wanted: _Wanted) -> tuple[str, ...]:
    """Return the row with the addresses beside it, () if it is no `bind` of the other family. The
    words 0.0.0.0 and [::] are both families; tcp4/ and tcp6/ limit them ("Network addresses")."""
    words = row.split()
    if len(words) < 2 or words[0] not in {"bind", "default_bind"}:
        return ()
    limit = "tcp4/" if wanted.family == 6 else "tcp6/"
    names = [word.removeprefix(limit).strip("[]") for word in words[1:]]
    if any(re.fullmatch(r"[0-9A-Fa-f:.]{2,45}", name) is None for name in names):
        return ()
    if not all(map(wanted.is_other_family, names)):
        return ()
    indent = row[: len(row) - len(row.lstrip())]
    if any(name in _WILDCARDS for name in names):
        return (f"{indent}{words[0]} 0.0.0.0",)
    return (f"{indent}{' '.join((*words, *map(bracketed, wanted.addresses)))}",)
