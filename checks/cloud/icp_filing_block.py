"""A provider in mainland China intercepts the name, because it has no ICP filing (备案) with that
provider: its page takes the site's place over http, and TLS for the name is reset.

The page is proof. A reset of TLS alone is not: other devices reset names too. It is only probable
where the server is known to be in a mainland region; otherwise `tls.reset` says what was seen.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.http import _fronts, endpoint_subjects, works_over_https
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
    endpoints,
    merge_subjects,
)
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake, NameTrials
from diagnose.parsers.filing_blocks import FilingBlock, filing_block, is_in_mainland
from diagnose.parsers.name_filters import NameFilter, is_every_name_blocked, tls_filter
from diagnose.parsers.urls import parse_url

if TYPE_CHECKING:
    from diagnose.model.cloud import CloudMachine


@check(
    severity=Severity.ERROR,
    needs=[Connection],
    needs_fault=[Exchange, NameTrials],
    explains=[
        "dns.addresses-differ",
        "tcp.large-hello-lost",
        "tls.closed",
        "tls.reset",
        "tls.stalled",
        "certificate.renewal-failed",
        "http.acme-challenge-blocked",
        "http.error-in-front",
        "http.no-redirect",
        "http.redirect-downgrade",
        "http.redirect-drops-path",
        "http.redirect-loop",
        "http.redirect-wrong-host",
        "server.application-answers",
        "http.server-error",
        "websocket.not-upgraded",
        "websocket.redirected",
    ],
)
def icp_filing_block(evidence: Evidence) -> Iterator[Claim]:
    pages: dict[FilingBlock, list[Exchange]] = {}
    for exchange in evidence.good(Exchange):
        block = filing_block(exchange) if _is_of_name(evidence, exchange) else None
        if block is not None:
            pages.setdefault(block, []).append(exchange)
    for block, exchanges in pages.items():
        yield _page_claim(evidence, block, exchanges)
    if not pages:
        yield from _region_claim(evidence)


def _is_of_name(evidence: Evidence, exchange: Exchange) -> bool:
    url = parse_url(exchange.url)
    return url is not None and url.host == evidence.target.host


def _page_claim(evidence: Evidence, block: FilingBlock, exchanges: list[Exchange]) -> Claim:
    first, subjects = exchanges[0], endpoint_subjects(exchanges)
    addresses = tuple(dict.fromkeys(exchange.address for exchange in exchanges))
    trials = [trial for trial in evidence.of(NameTrials) if trial.address in addresses]
    name_filter, is_for_every_name = tls_filter(trials), is_every_name_blocked(trials)
    resets = _resets(evidence, addresses)
    secure = [item for item in works_over_https(evidence) if item.address in addresses]
    passes_tls = bool(secure) and name_filter is None and not resets
    doubtful = block.behind or is_for_every_name
    return Claim(
        about=merge_subjects(subjects),
        covers=_covered(evidence, addresses, with_tls=not passes_tls),
        because=(*exchanges, *resets, *trials, *(secure if passes_tls else ())),
        confidence=Confidence.LIKELY if doubtful else Confidence.CERTAIN,
        severity=Severity.WARNING if passes_tls and not block.behind else None,
        facts={
            "name": evidence.target.host,
            "addresses": addresses,
            "page": True,
            "url": first.url,
            "provider": block.provider,
            "region": "",
            "behind": block.behind,
            "status": first.status or "",
            "server": first.header("Server") or "",
            "location": first.header("Location") or "",
            "every_name": is_for_every_name,
            "resets": bool(resets) or name_filter is not None,
            "passes_tls": passes_tls and not block.behind,
            **_filter_facts(name_filter),
        },
        fix=_fix(),
    )


def _fix() -> Fix:
    steps = (Manual("file", Where.CLOUD_CONSOLE), Manual("certificate", Where.SERVER))
    return Fix(steps, Applicability.MANUAL)


def _region_claim(evidence: Evidence) -> Iterator[Claim]:
    """Yield the claim about a name that is reset on the way to a server in a mainland region.

    Where the site itself answers over http, nobody answers in its place: the provider would.
    """
    name_filter = tls_filter(evidence.of(NameTrials))
    if name_filter is None or _answers_over_http(evidence, name_filter.address):
        return
    machine = _mainland_machine(evidence, name_filter.address)
    if machine is None or machine.instance is None:
        return
    addresses = (name_filter.address,)
    subjects = endpoints(addresses, name_filter.port)
    yield Claim(
        about=merge_subjects(subjects),
        covers=_covered(evidence, addresses, with_tls=True),
        because=(*_resets(evidence, addresses), *name_filter.trials, machine),
        confidence=Confidence.LIKELY,
        facts={
            "name": evidence.target.host,
            "addresses": addresses,
            "page": False,
            "url": evidence.target.url,
            "provider": machine.title,
            "region": machine.instance.region,
            **dict.fromkeys(("behind", "status", "server", "location", "every_name"), ""),
            "resets": True,
            "passes_tls": False,
            **_filter_facts(name_filter),
        },
        fix=_fix(),
    )


def _answers_over_http(evidence: Evidence, address: str) -> bool:
    return any(
        exchange.address == address
        and exchange.url.startswith("http:")
        and exchange.status is not None
        and _is_of_name(evidence, exchange)
        for exchange in evidence.of(Exchange)
    )


def _mainland_machine(evidence: Evidence, address: str) -> "CloudMachine | None":
    """Return the cloud of the server, if it is in a mainland region and the address may be its."""
    from diagnose.model.cloud import CloudMachine

    for machine in evidence.good(CloudMachine):
        instance = machine.instance
        if instance is None or not is_in_mainland(instance.region):
            continue
        is_other = instance.public_addresses and address not in instance.public_addresses
        if not is_other and _fronts.front_at(evidence, address) is None:
            return machine
    return None


def _filter_facts(name_filter: NameFilter | None) -> dict[str, object]:
    return {
        "tries": name_filter.tries if name_filter else "",
        "blocked": name_filter.blocked if name_filter else "",
        "control_tries": name_filter.control_tries if name_filter else "",
    }


def _resets(evidence: Evidence, addresses: tuple[str, ...]) -> tuple[Handshake, ...]:
    """Return the visitors' handshakes that were reset at these addresses."""
    return tuple(
        handshake
        for handshake in evidence.of(Handshake)
        if handshake.address in addresses
        and handshake.is_browser_like
        and handshake.failure is not None
        and handshake.failure.kind == "reset"
    )


def _covered(evidence: Evidence, addresses: tuple[str, ...], with_tls: bool) -> tuple[Subject, ...]:
    """Return what the block explains: the site at port 80, and over TLS if that is blocked too."""
    ports = dict.fromkeys((80, evidence.target.port) if with_tls else (80,))
    sockets = (
        Subject(address=upgrade.address, port=upgrade.port, path=upgrade.path)
        for upgrade in evidence.of(Upgrade)
        if upgrade.address in addresses and upgrade.port in ports
    )
    return (*(subject for port in ports for subject in endpoints(addresses, port)), *sockets)
