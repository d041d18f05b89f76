"""The site announces HTTP/3 (Alt-Svc, RFC 9114 section 3.1), and the server's firewall does not let
its UDP port in. Browsers try HTTP/3, get no answer, and come back to TCP: pages are slow at first,
and some visits hang.

Caddy announces it by itself, so that it is a note there. Where nginx was told to listen for it, it
is a warning. firewalld's zone and ufw's rules are judged. Those of a cloud or a router are not seen
here.
"""

import re
from collections.abc import Iterator

from checks.firewall._firewalld import FirewalldView, firewalld_view
from checks.firewall._firewalld_fixes import firewall_cmd
from checks.firewall._netfilter import netfilter_view
from checks.firewall._visitors import target_addresses
from checks.http import endpoint_subjects
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Fix, Risk, Severity, Step, commands, merge_subjects
from diagnose.model.firewall import Policy, Zone
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.netfilter import ufw
from diagnose.parsers.nginx import server_blocks

#: "h3" on a port of the same host: 'h3=":443"; ma=86400' (RFC 7838 section 3).
_HTTP3 = re.compile(r'\bh3(?:-\d{1,2})?="?:(\d{1,5})')

#: Rules that say nothing of a UDP port.
_IS_OTHER_PROTOCOL = re.compile(
    r'icmp-|protocol="tcp"|proto=tcp|service name="(?:ssh|https?)"|masquerade'
)


@check(severity=Severity.WARNING, needs=[Exchange])
def http3_closed(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in evidence.good(Exchange) if page.purpose == "target"]
    announced = [(page, port) for page in pages if (port := _announced_port(page))]
    if not announced:
        return
    port = announced[0][1]
    closed_by = _zone(firewalld_view(evidence), port) or _ufw(evidence, port)
    if closed_by is None:
        return
    subjects = endpoint_subjects([page for page, _ in announced])
    name, steps = closed_by
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(page for page, _ in announced),
        severity=None if _is_wanted(evidence) else Severity.NOTE,
        facts={
            "url": announced[0][0].url,
            "port": port,
            "header": announced[0][0].header("Alt-Svc") or "",
            "zone": name,
            "ufw": not name,
        },
        fix=Fix(steps),
    )


def _is_wanted(evidence: Evidence) -> bool:
    """Return whether a person has turned HTTP/3 on: nginx listens for it."""
    listens = (
        listen
        for config in evidence.good(NginxConfig)
        for server in server_blocks.servers(config.main)
        for listen in server.directives("listen")
    )
    return any("quic" in listen.args for listen in listens)


def _announced_port(page: Exchange) -> int:
    """Return the UDP port of HTTP/3 on the site's own host, 0 if none is announced."""
    match = _HTTP3.search(page.header("Alt-Svc") or "")
    return int(match[1]) if match and int(match[1]) < 65536 else 0


def _zone(firewalld: FirewalldView, port: int) -> tuple[str, tuple[Step, ...]] | None:
    """Return the zone that does not let the port in over UDP, and the commands that open it."""
    if firewalld.daemon is None or firewalld.daemon.panic:
        return None
    names = {
        firewalld.entry_zone(firewalld.evidence.target.port, address)
        for address in target_addresses(firewalld.evidence) or ("",)
    } - {""}
    zone = firewalld.runtime.zones.get(next(iter(names), "")) if len(names) == 1 else None
    if zone is None or zone.admits(port, "udp") or _has_other_rules(firewalld, zone):
        return None
    add, remove = (f"--{action}-port={port}/udp" for action in ("add", "remove"))
    scope = f"--zone={zone.name}"
    return zone.name, tuple(
        firewall_cmd(mode, scope, (add,), (remove,)) for mode in ("", "--permanent")
    )


def _has_other_rules(firewalld: FirewalldView, zone: Zone) -> bool:
    """Return whether a rule or a policy may let UDP in where the zone does not."""
    policies: list[Zone | Policy] = [
        policy
        for policy in firewalld.runtime.policies
        if {zone.name, "ANY"} & set(policy.ingress) and {"HOST", "ANY"} & set(policy.egress)
    ]
    return any(
        each.opens or (isinstance(each, Policy) and each.target != "CONTINUE") for each in policies
    ) or any(
        not _IS_OTHER_PROTOCOL.search(rule)
        for each in (zone, *policies)
        for rule in (*each.rich_rules, *each.forward_ports)
    )


def _ufw(evidence: Evidence, port: int) -> tuple[str, tuple[Step, ...]] | None:
    """Return "" and the command that opens the port, if ufw does not let it in over UDP."""
    settings = netfilter_view(evidence).ufw
    if settings is None or not settings.enabled or settings.incoming == "accept":
        return None
    opens = [
        rule
        for rule in (*settings.rules, *settings.rules6)
        if rule.protocol in {"udp", "any"} and rule.names_port(port) and rule.direction == "in"
    ]
    served = ufw.deciding_rule(settings.rules, evidence.target.port)
    if opens or served is None or served.action != "allow":
        return None
    rule = ("allow", f"{port}/udp")
    return "", (commands.ufw(rule, ("delete", *rule), Risk.OPENS_TO_ALL),)
