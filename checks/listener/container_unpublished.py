"""A container has a network of its own: what listens in it is reached by visitors only where its
engine publishes the port, at the same number that the service inside listens on
(docker-run(1), podman-run(1), --publish; EXPOSE alone publishes nothing).

Seen without an engine, a namespace in which the port is listened on makes it likely only.
"""

from collections.abc import Iterator

from checks.firewall._firewalld import CONTAINERS, target_addresses
from checks.firewall._nat import led
from checks.listener import answers, sockets, tries
from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.containers import Container, Containers, Namespace
from diagnose.model.frozen import frozen
from diagnose.model.server import Listeners

_EXPLAINS = (
    "listener.missing",
    "tcp.refused",
    "http.port-closed",
    "dns.dead-address",
    "dns.dead-ipv6",
)


@check(severity=Severity.ERROR, needs=[Listeners, Containers], explains=(*_EXPLAINS, "tls.*"))
def container_unpublished(evidence: Evidence) -> Iterator[Claim]:
    port = evidence.target.port
    if not evidence.good(Listeners):
        return
    # Rules of NAT publish as well as an engine does: theirs or somebody's own.
    published = bool(led(evidence, port))
    there = sockets(evidence, port)
    for seen in evidence.good(Containers):
        if there and all((one.process or "") in CONTAINERS for one in there):
            yield from _empty(evidence, seen)
        elif not (there or published or answers(evidence) or Nginx.of(evidence).listening(port)):
            yield from _unpublished(evidence, seen)


@frozen
class _Hidden:
    """A container that has the port inside: by the list of its engine, by what listens, or both."""

    container: Container | None
    space: Namespace | None

    @property
    def name(self) -> str:
        return self.container.name if self.container else ""


def _unpublished(evidence: Evidence, seen: Containers) -> Iterator[Claim]:
    found = _hidden(evidence, seen)
    if not found:
        return
    one, port = found[0], evidence.target.port
    outer = [
        way.port
        for way in (one.container.ports if one.container else ())
        if way.inner == port and way.port is not None
    ]
    sure = one.container is not None and (one.space is not None or bool(outer))
    yield Claim(
        about=Subject(port=port),
        covers=tuple(Subject(port=number) for number in dict.fromkeys((port, 80))),
        because=(seen, *evidence.good(Listeners), *tries(evidence)),
        confidence=Confidence.CERTAIN if sure else Confidence.LIKELY,
        ruled_out=("listener.loopback-only",),
        facts={
            **_facts(port, port, one),
            "outer": outer[0] if outer else "",
            "empty": False,
            "loopback": False,
            "names": tuple(dict.fromkeys(other.name for other in found if other.name)),
        },
        fix=Fix((Manual("publish", Where.SERVER),), Applicability.MANUAL),
    )


def _facts(port: int, inner: int, one: _Hidden) -> dict[str, object]:
    space = one.space
    return {
        "port": port,
        "inner": inner,
        "container": one.name,
        "engine": one.container.engine.capitalize() if one.container else "",
        "program": one.container.engine if one.container else "",
        "process": space.processes[0] if space and space.processes else "",
        "pid": space.pid if space else "",
    }


def _hidden(evidence: Evidence, seen: Containers) -> list[_Hidden]:
    """Containers that have the port inside and not outside. One that visitors reach by an
    address of its own needs no publishing."""
    port, reached = evidence.target.port, set(target_addresses(evidence))
    spaces = [
        space
        for space in seen.namespaces
        if space.listens(port) and not reached & set(space.addresses)
    ]
    known = {one.id: one for one in seen.containers}
    found = [_Hidden(known.get(space.container), space) for space in spaces]
    listening = {space.container for space in spaces}
    found += [
        _Hidden(one, None)
        for one in seen.containers
        if one.id not in listening and any(way.inner == port for way in one.ports)
    ]
    found = [one for one in found if not (one.container and _publishes(one.container, port))]
    return sorted(found, key=lambda one: one.container is None)


def _publishes(one: Container, port: int) -> bool:
    return "host" in one.networks or any(way.port == port for way in one.ports)


def _empty(evidence: Evidence, seen: Containers) -> Iterator[Claim]:
    """The port is published, and nothing listens where it leads to."""
    port = evidence.target.port
    for one in seen.containers:
        space = next((space for space in seen.namespaces if space.container == one.id), None)
        for way in one.ports:
            if way.port != port or space is None or space.listens(way.inner):
                continue
            inside = [number for _, number in space.sockets]
            yield Claim(
                about=Subject(port=port),
                because=(seen, *tries(evidence)),
                facts={
                    **_facts(port, way.inner, _Hidden(one, space)),
                    "outer": "",
                    "empty": True,
                    "loopback": way.inner in inside,
                    "names": (one.name,),
                },
                fix=Fix((Manual("listen", Where.SERVER),), Applicability.MANUAL),
            )
            return
