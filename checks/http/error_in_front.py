"""The name's address belongs to another machine, which answers with an error; the web server here
answers the same request well. The fault lies in front of this server: it asks wrongly, or a cache
there has kept an answer of an earlier time.

Who may come in (401, 403) and how often (429) is decided on purpose, so these are no errors.
"""

from collections.abc import Iterator

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
    Vantage,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, LocalAnswer
from diagnose.model.server import Interface
from diagnose.parsers.http import GATEWAY_FAILURES, UNKNOWN_SITE, hops, is_error, refuses_host
from diagnose.parsers.kept_answers import kept_sign
from diagnose.parsers.redirects import leads_to_itself


@check(
    severity=Severity.ERROR,
    needs=[Exchange, Interface, LocalAnswer],
    explains=[
        "http.acme-challenge-blocked",
        "http.host-refused",
        "http.no-redirect",
        "http.redirect-loop",
        "server.application-answers",
        "http.server-error",
        # This run asks the application for a shorter time than the web server here waits.
        "upstream.timeout",
        "websocket.not-upgraded",
        "websocket.rate-limited",
        "websocket.redirected",
    ],
)
def error_in_front(evidence: Evidence) -> Iterator[Claim]:
    page = _fronts.own_page(evidence)
    if page is None or page.failure or not page.status or page.status >= 400:
        return
    if _fronts.is_flexible(evidence) or not _fronts.serves_name(evidence):
        return
    groups: dict[tuple[int | None, str], list[Exchange]] = {}
    for exchange in evidence.of(Exchange):
        # The request made here passes no firewall, which a CDN's errors are often about.
        if _fronts.cdn_error(exchange):
            continue
        if _is_error(exchange) and (exchange.failure or exchange.status != page.status):
            kind = exchange.failure.kind if exchange.failure else ""
            groups.setdefault((exchange.status, kind), []).append(exchange)
    for exchanges in groups.values():
        machines = _fronts.fronts(evidence, addresses(exchanges))
        if machines:
            yield _claim(evidence, page, exchanges, machines)


def _is_error(exchange: Exchange) -> bool:
    if exchange.purpose != "target" or exchange.vantage is not Vantage.HERE:
        return False
    if exchange.failure is not None or exchange.header("cf-mitigated"):
        return exchange.failure is not None
    is_loop = leads_to_itself(exchange)
    return is_error(exchange) or is_loop


def _claim(
    evidence: Evidence,
    page: LocalAnswer,
    exchanges: list[Exchange],
    machines: tuple[_fronts.Front, ...],
) -> Claim:
    first, subjects = exchanges[0], endpoint_subjects(exchanges)
    proofs = (item for machine in machines for item in machine.by_certificate)
    failure = first.failure
    kept = "" if failure else kept_sign(first.headers)
    step = Manual("purge" if kept else "look-there", Where.CLOUD_CONSOLE)
    is_gateway = failure is None and not kept and first.status in GATEWAY_FAILURES
    # What this server answers to itself says nothing of its own packet filter.
    confidence = Confidence.LIKELY if is_gateway else _fronts.weakest(machines)
    return Claim(
        about=merge_subjects(subjects),
        covers=(*subjects, *_fronts.other_subjects(evidence, exchanges)),
        because=tuple(dict.fromkeys((*exchanges, page, *proofs))),
        confidence=confidence,
        facts={
            "name": evidence.target.host,
            "url": first.url,
            "addresses": addresses(exchanges),
            "status": first.status if failure is None else "",
            "reason": first.reason,
            "message": failure.message if failure else "",
            "product": _fronts.product_name(machines, first.headers),
            "hops": hops(first.headers),
            "kept": kept,
            "path": evidence.target.path_without_query,
            "gateway": is_gateway,
            "host_refused": failure is None and refuses_host(first.status, first.body),
            "unknown_site": failure is None and not kept and first.status in UNKNOWN_SITE,
            "own_status": page.status,
            "own_address": page.address,
            "command": page.equivalent,
            "certificate": any(machine.by_certificate for machine in machines),
        },
        fix=Fix((step,), Applicability.MANUAL),
    )
