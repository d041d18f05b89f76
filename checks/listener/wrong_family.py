"""The port is open over one of IPv4 and IPv6, and the name publishes an address of the other: a
"::" socket with IPV6_V6ONLY (ipv6(7)), nginx's default since 1.3.4, takes no IPv4, and one of
0.0.0.0 takes no IPv6."""

from collections.abc import Iterator

from checks.listener import is_loopback, sockets
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Step,
    Subject,
    Vantage,
    Where,
    together,
)
from diagnose.model.dns import is_private, reached
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.server import Interface, Listeners
from diagnose.model.tcp import Connection


@frozen
class _Unheard:
    """Published addresses of a family in which nothing listens, and the tries that say so."""

    family: int
    addresses: tuple[str, ...]
    tries: tuple[Connection, ...]
    held: bool


@check(
    severity=Severity.ERROR,
    needs=[Listeners],
    explains=["tcp.refused", "http.port-closed", "dns.dead-address", "dns.dead-ipv6"],
)
def wrong_family(evidence: Evidence) -> Iterator[Claim]:
    found = next(filter(None, (_unheard(evidence, family) for family in (4, 6))), None)
    if found is None:
        return
    port = evidence.target.port
    # Port 80 as well, where it is open over the other family only.
    ports = [one for one in dict.fromkeys((port, 80)) if _takes(evidence, one) == {_other(found)}]
    covers = tuple(Subject(address=one, port=two) for one in found.addresses for two in ports)
    place = next(iter(_listens(evidence, port, _other(found))), None)
    others = tuple(one for one in reached(evidence) if one not in found.addresses)
    yield Claim(
        about=together(covers),
        covers=covers,
        because=(*evidence.good(Listeners), *found.tries),
        confidence=Confidence.CERTAIN if found.tries and found.held else Confidence.LIKELY,
        severity=Severity.WARNING if others else None,
        facts={
            "port": port,
            "ports": tuple(ports),
            "family": f"IPv{found.family}",
            "other": f"IPv{_other(found)}",
            "addresses": found.addresses,
            "sockets": _shown(evidence, port),
            "process": next((one.process for one in sockets(evidence, port) if one.process), ""),
            "name": evidence.target.host,
            "file": place.file if place else "",
            "line": place.line if place else "",
            "works": others,
            "wanted": f"[::]:{port}" if found.family == 6 else f"0.0.0.0:{port}",
            "dig": "AAAA" if found.family == 6 else "A",
        },
        ruled_out=("listener.missing", "listener.loopback-only"),
        fix=_fix(evidence, found, ports),
    )


def _other(found: _Unheard) -> int:
    return 4 if found.family == 6 else 6


def _takes(evidence: Evidence, port: int) -> set[int]:
    """The families over which others may come to a port."""
    outer = [one for one in sockets(evidence, port) if not is_loopback(one.address)]
    return {one.family for one in outer} | {4 for one in outer if one.dual}


def _unheard(evidence: Evidence, family: int) -> _Unheard | None:
    port = evidence.target.port
    taken = _takes(evidence, port)
    addresses = [one for one in reached(evidence) if _family(one) == family]
    addresses = [one for one in addresses if not is_loopback(one)]
    if not taken or family in taken or not addresses:
        return None
    tried = [
        one for one in evidence.of(Connection) if one.port == port and one.address in addresses
    ]
    if any(not one.failure or one.failure.kind != "refused" for one in tried):
        return None
    interfaces = [one for one in evidence.good(Interface) if one.vantage is Vantage.SERVER]
    own = [a for one in interfaces for a in one.addresses if _family(a) == family]
    held = [one for one in addresses if one in own]
    # A cloud may translate a public IPv4 address to a private one of ours; whatever else is not
    # held here is another machine's, and what listens there is not known.
    hidden = family == 4 and bool(tried) and all(map(is_private, own))
    if not held and not hidden:
        return None
    return _Unheard(family, tuple(held or addresses), tuple(tried), bool(held))


def _shown(evidence: Evidence, port: int) -> tuple[str, ...]:
    return tuple(str(Subject(address=one.address, port=port)) for one in sockets(evidence, port))


def _family(address: str) -> int:
    return 6 if ":" in address else 4


# What to do


def _fix(evidence: Evidence, found: _Unheard, ports: list[int]) -> Fix:
    from checks.nginx import Nginx
    from diagnose.parsers.nginx.edits import Change, after

    nginx = Nginx.of(evidence)
    changes: dict[str, list[Change]] = {}
    for port in ports:
        if _listens(evidence, port, found.family):
            continue
        for listen in _listens(evidence, port, _other(found)):
            file = nginx.file(listen)
            if file and listen.end == ";":
                twin = after(file.text, listen, [_twin(listen, port, found.family)])
                changes.setdefault(file.path, []).append(twin)
    edits: list[Step] = [
        edit for path, made in changes.items() if (edit := nginx.edit(path, *made)) is not None
    ]
    if not edits:
        return Fix((Manual("listen", Where.SERVER),), Applicability.MANUAL)
    sure = bool(found.tries) and found.held and all(isinstance(one, Edit) for one in edits)
    return Fix((*edits, *nginx.taken()), Applicability.AUTOMATIC if sure else Applicability.REVIEW)


def _listens(evidence: Evidence, port: int, family: int) -> tuple[Directive, ...]:
    """Where nginx is told to listen on the port of every address of a family, in whatever block:
    one that has no such line would be answered for by another's."""
    from diagnose.parsers.nginx.server_blocks import servers

    everywhere = "::" if family == 6 else "*"
    found = (
        listen.directive
        for config in evidence.good(NginxConfig)
        for server in servers(config.main)
        for listen in server.listens
        if listen.port == port and listen.address == everywhere and listen.directive
    )
    return tuple(dict.fromkeys(found))


def _twin(listen: Directive, port: int, family: int) -> str:
    """The same `listen` for the other family."""
    where = f"[::]:{port}" if family == 6 else str(port)
    kept = [one for one in listen.args[1:] if not one.startswith("ipv6only=")]
    return f"listen {' '.join([where, *kept])};"
