"""`listen` names an address that no interface of this machine has (EADDRNOTAVAIL, bind(2)): often
the public address of a cloud server, which the cloud translates and the machine never sees."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Vantage,
    Where,
)
from diagnose.model.nginx import Directive, NginxConfig, NginxTest
from diagnose.model.server import Interface
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.server_blocks import servers

#: Networks of containers and virtual machines on the server itself.
_WITHIN = ("docker", "br-", "veth", "virbr", "cni", "podman", "lxc", "lxdbr")


@check(
    severity=Severity.ERROR,
    needs=[NginxTest, NginxConfig],
    explains=["nginx.config-invalid"],
)
def address_unavailable(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    refused = nginx.refused(r"bind\(\) to (\S+):(\d+) failed \(99: ")
    if refused is None:
        return
    said, found = refused
    address = found[1].strip("[]")
    given = _listens(nginx, address)
    seen = [one for one in evidence.good(Interface) if one.vantage is Vantage.SERVER and one.up]
    own = [a for one in seen for a in one.addresses if not a.startswith(("127.", "::1", "fe80:"))]
    changes = tuple(_edits(nginx, given))
    facts = {
        "address": found[1],
        "port": found[2],
        "own": tuple(dict.fromkeys(own)),
        "ipv6": ":" in address,
    }
    steps = changes or (Manual("another-address", Where.SERVER),)
    near = [
        a for one in seen if not one.name.startswith(_WITHIN) for a in one.addresses if a in own
    ]
    fix = Fix((*steps, *nginx.taken()), _applicability(changes, near, ":" in address))
    yield nginx.complaint(
        said, f"{found[1]}:{found[2]}", facts, fix, given[0] if given else None, seen
    )


def _applicability(changes: tuple[Edit, ...], own: list[str], ipv6: bool) -> Applicability:
    """All addresses are no more than was meant where the server has only one of that kind."""
    if not changes:
        return Applicability.MANUAL
    alike = {one for one in own if (":" in one) == ipv6}
    return Applicability.AUTOMATIC if len(alike) == 1 else Applicability.REVIEW


def _listens(nginx: Nginx, address: str) -> list[Directive]:
    found = [
        listen.directive
        for server in (servers(nginx.config.main) if nginx.config else ())
        for listen in server.listens
        if listen.address == address and listen.directive
    ]
    return list(dict.fromkeys(found))


def _edits(nginx: Nginx, given: list[Directive]) -> Iterator[Edit]:
    """All addresses in the place of that one."""
    changes: dict[str, list[edits.Change]] = {}
    for one in given:
        port = re.search(r":(\d+)$", one.args[0])
        wide = "[::]:" if one.args[0].startswith("[") else ""
        words = " ".join(("listen", f"{wide}{port[1] if port else 80}", *one.args[1:]))
        changes.setdefault(one.file, []).append(edits.instead(one, f"{words};"))
    return iter(nginx.edited(changes))
