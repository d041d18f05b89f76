"""Rules redirect the site's port to another machine (a VPS in front of a server at home, over
WireGuard), and visitors do not get there: the kernel passes no packets on (ip_sysctl,
net.ipv4.ip_forward), or that machine takes no connection from this server either.

This server's own connections are not redirected, and nothing has to listen here. Where visitors get
an answer of the site, they come another way: by a tunnel, with rules that are left from before.
"""

from collections.abc import Iterator

from checks.firewall._nat import dnat_targets, is_redirected_away
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
    commands,
    network_commands,
)
from diagnose.model.addresses import family_of
from diagnose.model.http import page_exchanges
from diagnose.model.netfilter import Ruleset
from diagnose.model.packet_paths import ForwardTarget
from diagnose.model.summary import socket_text

_SETTING = "net.ipv4.ip_forward"
_FILE = "/etc/sysctl.d/99-ip-forward.conf"


@check(
    severity=Severity.ERROR,
    needs=[Ruleset, ForwardTarget],
    explains=[
        "tcp.timeout", "tcp.refused", "tcp.never-arrives", "tcp.rejected-by-host",
        "tcp.rejected-by-router", "listener.missing",
    ],
)  # fmt: skip
def redirected_elsewhere(evidence: Evidence) -> Iterator[Claim]:
    port = evidence.target.port
    used = {target.destination for target in dnat_targets(evidence, port)}
    is_answered = any((page.status or 500) < 500 for page in page_exchanges(evidence))
    is_away = not is_answered and is_redirected_away(evidence, port)
    for target in evidence.good(ForwardTarget) if is_away else ():
        is_used = {(target.address, target.port), (target.address, 0)} & used
        is_off = target.is_forwarding is False and family_of(target.address) == 4
        if not is_used or not (is_off or not target.is_reached):
            continue
        yield Claim(
            about=Subject(port=port),
            covers=(Subject(port=port), Subject(port=80)),
            because=(target, *evidence.good(Ruleset)),
            confidence=Confidence.CERTAIN if is_off else Confidence.LIKELY,
            facts={
                "port": port,
                "peer": socket_text(target.address, target.port),
                "address": target.address,
                "off": is_off,
                "reached": target.is_reached,
                "command": target.equivalent,
            },
            fix=_forwarding_fix()
            if is_off
            else Fix((Manual("look-at-the-way", Where.SERVER),), Applicability.MANUAL),
        )
        return


def _forwarding_fix() -> Fix:
    """Return the fix that lets the kernel pass packets on, now and after the next boot."""
    now = network_commands.set_sysctl(_SETTING, 1, before=0)
    keep = commands.create_lines(_FILE, (f"{_SETTING} = 1",))
    return Fix((now, keep), Applicability.REVIEW)
