"""A machine in front of this server (a CDN, a load balancer) answers that it cannot connect. The
server's own packet filter lets in some addresses only, or nobody: the machine's are not let in.

Cloudflare asks from all its networks, so each of them is put to the rules. Another machine is known
by the name's address alone; where private networks are let in, it may come from one of them.
"""

from collections.abc import Iterator

from checks.firewall._front_errors import is_well_here, unconnected_exchanges
from checks.firewall._netfilter import Blockage, NetfilterView, netfilter_view
from checks.firewall._netfilter_claims import facts as rule_facts
from checks.firewall._netfilter_fixes import allow_steps
from checks.http import _fronts, addresses, endpoint_subjects
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Step,
    Subject,
    Where,
)
from diagnose.model.addresses import is_private
from diagnose.model.http import Exchange
from diagnose.model.netfilter import Ruleset
from diagnose.model.server import Listeners
from diagnose.parsers.cdn import CLOUDFLARE_NETWORKS

#: Its redirect to https has visitors too.
HTTP_PORT = 80
#: How many sources are shown.
SHOWN = 6


@check(
    severity=Severity.ERROR,
    needs=[Exchange, Ruleset],
    needs_fault=[Exchange],
    explains=[
        "http.cdn-error", "http.error-in-front", "http.edge-at-fault", "http.server-error",
        "http.no-redirect", "http.acme-challenge-blocked", "websocket.not-upgraded",
        "cloud.balancer-health-check", "dns.cdn-in-front",
    ],
)  # fmt: skip
def front_not_admitted(evidence: Evidence) -> Iterator[Claim]:
    exchanges = unconnected_exchanges(evidence)
    if not exchanges or not is_well_here(evidence):
        return
    machines = addresses(exchanges)
    errors = [_fronts.cdn_error(exchange) for exchange in exchanges]
    product = next((error.product for error in errors if error), "")
    fronts = _fronts.fronts(evidence, machines)
    if not fronts and not all(errors):
        return
    view, port = netfilter_view(evidence), evidence.target.port
    is_cloudflare = product == "Cloudflare"
    networks = (*CLOUDFLARE_NETWORKS, *machines) if is_cloudflare else machines
    blocked = {network: _strangers_rules(view, port, network) for network in networks}
    closed = {network: rules for network, rules in blocked.items() if rules}
    sources = _admitted(closed)
    may_be_inner = not is_cloudflare and any(map(_is_inner, sources))
    if closed and not may_be_inner:
        product = product or _fronts.product_name(fronts, ())
        is_all = is_cloudflare and len(closed) == len(networks)
        confidence = Confidence.CERTAIN if is_all else Confidence.LIKELY
        yield _claim(view, exchanges, product, closed, confidence)


def _strangers_rules(view: NetfilterView, port: int, network: str) -> tuple[Blockage, ...]:
    """Return where an address of a network is blocked as strangers are; () if it is let in, or if
    it alone is banned."""
    address = network.partition("/")[0]
    return () if view.shuts_out(port, address) else view.own_blockages(port, address)


def _admitted(closed: dict[str, tuple[Blockage, ...]]) -> tuple[str, ...]:
    """Return the sources that the rules let in."""
    return tuple(
        dict.fromkeys(
            source
            for blockages in closed.values()
            for blockage in blockages
            for source in blockage.allowed_sources
        )
    )


def _is_inner(source: str) -> bool:
    """Return whether a source is a private address or network, or not known as an address."""
    address = source.partition("/")[0]
    return not any(mark in address for mark in ".:") or is_private(address)


def _is_open(view: NetfilterView) -> bool:
    """Return whether a program listens on the port of plain HTTP, beside the target's."""
    listeners = view.evidence.good(Listeners)
    is_other = view.evidence.target.port != HTTP_PORT
    return is_other and any(listing.on(HTTP_PORT) for listing in listeners)


def _claim(
    view: NetfilterView,
    exchanges: list[Exchange],
    product: str,
    closed: dict[str, tuple[Blockage, ...]],
    confidence: Confidence,
) -> Claim:
    evidence, subjects = view.evidence, endpoint_subjects(exchanges)
    sources, blockages = _admitted(closed), next(iter(closed.values()))
    steps: dict[Step, None] = {}
    for network, rules in closed.items():
        plain = _strangers_rules(view, HTTP_PORT, network) if _is_open(view) else ()
        for own in filter(None, (rules, plain)):
            steps |= dict.fromkeys(allow_steps(view, own, network))
    how = Applicability.REVIEW if steps else Applicability.MANUAL
    return Claim(
        about=Subject(port=evidence.target.port, text="addresses in front that are not let in"),
        covers=(
            *subjects,
            *_fronts.other_subjects(evidence, exchanges),
            Subject(name=evidence.target.host, text=evidence.target.host),
        ),
        because=(*exchanges, *view.because),
        confidence=confidence,
        facts={
            **rule_facts(view, blockages),
            "url": exchanges[0].url,
            "status": exchanges[0].status,
            "product": product,
            "networks": tuple(closed),
            "sources": sources[:SHOWN],
            "more": max(len(sources) - SHOWN, 0),
        },
        fix=Fix((*(steps or (Manual("let-in", Where.SERVER),)), Manual("keep", Where.SERVER)), how),
    )
