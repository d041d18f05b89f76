"""The server's own rules drop what it sends to itself: the input chain has no rule for `lo`, so
nginx cannot connect to an application on 127.0.0.1, and a resolver on 127.0.0.53 does not answer.
What goes to another address of the server uses `lo` too: a jail of fail2ban that has banned this
address stops nginx before its own application.

The rules are evaluated for exactly the connection that failed (nft(8), "Packet flow"; the examples
of the nftables wiki accept `iif lo` first for this reason).
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.firewall._netfilter import NetfilterView, netfilter_view
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Host,
    Manual,
    Severity,
    Subject,
    Vantage,
    Where,
)
from diagnose.model.addresses import is_loopback
from diagnose.model.netfilter import Ruleset
from diagnose.model.nginx import UpstreamTry
from diagnose.model.summary import socket_text
from diagnose.model.tcp import Connection
from diagnose.model.visitor import Jails
from diagnose.parsers.netfilter import Decision, Packet, decide, owners
from diagnose.parsers.netfilter.ruleset import RulePosition

#: How a connection to the server itself fails for each verdict. EPERM ("denied"): its own output
#: rules (send(2)).
_KINDS = {"drop": ("timeout", "denied"), "reject": ("unreachable", "refused", "denied")}


@check(
    severity=Severity.ERROR,
    needs=[Ruleset, UpstreamTry],
    explains=[
        "upstream.unreachable",
        "upstream.refused",
        "upstream.timeout",
        "http.server-error",
        "websocket.not-upgraded",
        "dns.resolver-unreachable",
        "tcp.timeout",
        "tcp.refused",
    ],
    on_loopback=True,
)
def loopback_blocked(evidence: Evidence) -> Iterator[Claim]:
    view = netfilter_view(evidence)
    for attempt in evidence.of(UpstreamTry):
        failure = attempt.failure
        if failure is None or not _is_own(view, attempt.address):
            continue
        decision = _decision(view, attempt)
        place = view.ruleset.position_of(decision)
        if failure.kind in _KINDS.get(decision.verdict, ()) and place is not None:
            yield replace(_claim(view, attempt, decision, place), covers=_covers(evidence, attempt))
            return


def _is_own(view: NetfilterView, address: str) -> bool:
    return is_loopback(address) or any(address in nic.addresses for nic in view.nics)


def _jail(view: NetfilterView, place: RulePosition, address: str) -> str:
    """Return the jail of fail2ban that has banned the server's own address; "" if none has."""
    if view.owner(place) != "fail2ban":
        return ""
    holding = [jail for jails in view.evidence.good(Jails) for jail in jails.banning(address)]
    return next(iter(holding), owners.jail(place) or "JAIL")


def _covers(evidence: Evidence, attempt: UpstreamTry) -> tuple[Subject, ...]:
    """Return all of the site, if this run's own connections went over the loopback device too. The
    connections of another machine do not, and one that fails there has another cause."""
    is_here = any(host.via == "local" for host in evidence.of(Host) if host.role == "server")
    connections = [
        connection for connection in evidence.of(Connection) if connection.vantage is Vantage.HERE
    ]
    if is_here or not any(connection.failure for connection in connections):
        return (Subject(),)
    target = evidence.target
    return (Subject(text=attempt.endpoint), Subject(port=target.port, path=target.path))


def _decision(view: NetfilterView, attempt: UpstreamTry) -> Decision:
    packet = Packet(attempt.address, attempt.address, attempt.port, "lo", host=view.host)
    return decide(view.ruleset.rules, packet)


def _claim(
    view: NetfilterView, attempt: UpstreamTry, decision: Decision, place: RulePosition
) -> Claim:
    is_output = decision.hook == "output"
    table = f"{place.table.family} {place.table.name}"
    is_nft = place.program == "nft"
    return Claim(
        about=Subject(text=f"{place.program} {table} {place.chain.name}, lo"),
        because=(*view.because, attempt),
        confidence=Confidence.CERTAIN,
        facts={
            "application": socket_text(attempt.address, attempt.port),
            "address": attempt.address,
            "jail": _jail(view, place, attempt.address),
            "message": attempt.failure.message if attempt.failure else "",
            "table": table,
            "chain": place.chain.name,
            "rule": place.text,
            "policy": place.rule is None,
            "reject": decision.verdict == "reject",
            "nft": is_nft,
            "program": place.program,
            "match": ("oifname" if is_output else "iifname")
            if is_nft
            else "-o"
            if is_output
            else "-i",
        },
        fix=Fix((Manual("accept-lo", Where.SERVER),), Applicability.MANUAL),
    )
