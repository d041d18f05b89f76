"""`listen` names an address that no interface of this machine has (EADDRNOTAVAIL, bind(2)). It is
often the public address of a cloud server, which the cloud translates and the machine never sees.
"""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from checks.nginx._errors import ConfigFault, config_error_claim, find_config_error
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

#: Interfaces of containers and virtual machines on the server itself.
_CONTAINER_PREFIXES = ("docker", "br-", "veth", "virbr", "cni", "podman", "lxc", "lxdbr")


@check(
    severity=Severity.ERROR,
    needs=[NginxTest, NginxConfig],
    explains=["nginx.config-invalid"],
)
def address_unavailable(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    config_error = find_config_error(nginx, r"bind\(\) to (\S+):(\d+) failed \(99: ")
    if config_error is None:
        return
    message, match = config_error
    address = match[1].strip("[]")
    directives = _listen_directives(nginx, address)
    interfaces = [
        interface
        for interface in evidence.good(Interface)
        if interface.vantage is Vantage.SERVER and interface.up
    ]
    own = [
        a
        for interface in interfaces
        for a in interface.addresses
        if not a.startswith(("127.", "::1", "fe80:"))
    ]
    # Another port is closed to visitors on purpose: all addresses would open it.
    is_public = int(match[2]) in {evidence.target.port, 80, 443}
    changes = tuple(_edits(nginx, directives)) if is_public else ()
    facts = {
        "address": match[1],
        "port": match[2],
        "own": tuple(dict.fromkeys(own)),
        "ipv6": ":" in address,
        "inner": not is_public,
    }
    manual = "another-address" if is_public else "own-address"
    steps = changes or (Manual(manual, Where.SERVER),)
    host_addresses = [
        a
        for interface in interfaces
        if not interface.name.startswith(_CONTAINER_PREFIXES)
        for a in interface.addresses
        if a in own
    ]
    fix = Fix(
        (*steps, *reload_steps(nginx)), _applicability(changes, host_addresses, ":" in address)
    )
    yield config_error_claim(
        nginx,
        ConfigFault(
            message,
            f"{match[1]}:{match[2]}",
            facts,
            directive=directives[0] if directives else None,
            observations=interfaces,
        ),
        fix,
    )


def _applicability(changes: tuple[Edit, ...], own: list[str], ipv6: bool) -> Applicability:
    """Return whether the change is automatic: "all addresses" adds nothing if the server has only
    one of that IP family."""
    if not changes:
        return Applicability.MANUAL
    same_family = {address for address in own if (":" in address) == ipv6}
    return Applicability.AUTOMATIC if len(same_family) == 1 else Applicability.REVIEW


def _listen_directives(nginx: Nginx, address: str) -> list[Directive]:
    directives = [
        listen.directive
        for server in (servers(nginx.config.main) if nginx.config else ())
        for listen in server.listens
        if listen.address == address and listen.directive
    ]
    return list(dict.fromkeys(directives))


def _edits(nginx: Nginx, directives: list[Directive]) -> Iterator[Edit]:
    """Replace the address by all addresses."""
    changes: dict[str, list[edits.TextEdit]] = {}
    for directive in directives:
        port = re.search(r":(\d+)$", directive.args[0])
        wide = "[::]:" if directive.args[0].startswith("[") else ""
        words = " ".join(("listen", f"{wide}{port[1] if port else 80}", *directive.args[1:]))
        changes.setdefault(directive.file, []).append(
            edits.replace_directive(directive, f"{words};")
        )
    return iter(config_edits(nginx, changes))
