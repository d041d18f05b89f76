"""IPv6 is turned off on this server (`net.ipv6.conf.*.disable_ipv6`, or `ipv6.disable=1` for the
kernel; ip-sysctl), and something needs it: a `listen` of nginx, which does not start then
(https://github.com/RSS-Bridge/rss-bridge/pull/3292), or the name's AAAA record."""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._errors import find_startup_error
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Step,
    Subject,
    Vantage,
    Where,
    network_commands,
)
from diagnose.model.dns import Resolution
from diagnose.model.kernel import Kernel
from diagnose.model.server import Interface
from diagnose.parsers.nginx.edits import diff

#: EAFNOSUPPORT of a kernel without IPv6, and EADDRNOTAVAIL of an interface without it.
_REFUSED = r"(?:socket\(\) |bind\(\) to )\[([0-9a-fA-F:.]{2,45})\]:(\d{1,5}) failed \((97|99): "


@check(
    severity=Severity.ERROR,
    needs=[Kernel, Interface],
    explains=["nginx.address-unavailable", "nginx.config-invalid", "dns.dead-ipv6"],
)
def ipv6_disabled(evidence: Evidence) -> Iterator[Claim]:
    kernel = next(iter(evidence.good(Kernel)), None)
    interfaces = [
        interface
        for interface in evidence.good(Interface)
        if interface.vantage is Vantage.SERVER and interface.up and 4 in interface.default
    ]
    if kernel is None or not interfaces or not all(
        kernel.is_ipv6_off(interface.name) for interface in interfaces
    ):  # fmt: skip
        return
    is_absent = "*" in kernel.ipv6_off
    facts: dict[str, object] = {
        "device": interfaces[0].name,
        "absent": is_absent,
        "name": evidence.target.host,
        "message": "",
        "published": (),
    }
    stopped = find_startup_error(Nginx.of(evidence), _REFUSED)
    # EAFNOSUPPORT may also come from a unit's RestrictAddressFamilies=.
    if stopped and (stopped[1][3] == "99" or is_absent):
        message, match, observations = stopped
        facts |= {"message": message.text, "listen": f"[{match[1]}]:{match[2]}"}
        yield _claim((kernel, *interfaces, *observations), facts, Subject(text="IPv6"))
        return
    published, resolutions = _published(evidence, interfaces)
    if published:
        facts["published"] = published
        yield _claim(
            (kernel, *interfaces, *resolutions),
            facts,
            *(Subject(address=address) for address in published),
        )


def _published(
    evidence: Evidence, interfaces: list[Interface]
) -> tuple[tuple[str, ...], list[Resolution]]:
    """Return the AAAA records of a name whose A record is this server's own address."""
    own = {address for interface in interfaces for address in interface.addresses}
    resolutions = evidence.good(Resolution)
    addresses = [address for resolution in resolutions for address in resolution.addresses]
    is_here = any(address in own for address in addresses)
    published = tuple(dict.fromkeys(address for address in addresses if ":" in address))
    return (published if is_here else ()), list(resolutions)


def _claim(because: tuple[Observation, ...], facts: dict[str, object], *subjects: Subject) -> Claim:
    is_fatal = bool(facts["message"])
    device = "" if facts["absent"] else str(facts["device"])
    turning_on = _turning_on(device) if device else (Manual("turn-on", Where.SERVER),)
    instead = Manual("leave-out" if is_fatal else "remove-record", Where.SERVER)
    return Claim(
        about=subjects[0] if is_fatal else Subject(text="IPv6"),
        covers=subjects,
        because=because,
        severity=None if is_fatal else Severity.WARNING,
        # Whose address the record names is not known: the server has none to compare it with.
        confidence=Confidence.CERTAIN if is_fatal else Confidence.LIKELY,
        facts=facts,
        fix=Fix((*turning_on, instead), Applicability.REVIEW if device else Applicability.MANUAL),
    )


def _turning_on(device: str) -> tuple[Step, ...]:
    """Return the steps that turn IPv6 on now and at the next boot. An address that no router
    announces comes back with the network's own configuration, which a person loads."""
    # sysctl(8): a dot in an interface name is written as a slash.
    names = tuple(
        f"net.ipv6.conf.{name}.disable_ipv6"
        for name in ("all", "default", device.replace(".", "/"))
    )
    # The last file wins (sysctl.d(5)).
    path = "/etc/sysctl.d/99-zz-ipv6.conf"
    return (
        *(network_commands.set_sysctl(name, 0, before=1) for name in names),
        Edit(path, diff(path, "", "".join(f"{name} = 0\n" for name in names))),
        Manual("give-address", Where.SERVER),
    )
