"""A bare name stands for https on port 443, as in browsers. Where the server has nothing for that
and serves the name at another address, the run is made again for the address that exists."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from diagnose.checking.conclusion import conclude
from diagnose.checking.verdicts import verdict
from diagnose.model import ServedAddress, Symptom, Target, Vantage
from diagnose.model.events import Event, Started
from diagnose.model.http import Exchange
from diagnose.model.server import UnservedAddress
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.net.deadline import LateError
from diagnose.parsers.hostnames import covers
from diagnose.parsers.target import UsageError, parse_target
from diagnose.probes.further_requests import RESERVE

if TYPE_CHECKING:
    from diagnose.engine import Run
    from diagnose.probes import ProbeContext

Ending = TimeoutError | LateError | asyncio.CancelledError | None

#: Seconds without which no second run is begun.
MIN_SECONDS = 3.0

#: Kinds of messages that mean https, by their beginning.
_OF_HTTPS = ("certificate", "tls", "hsts", "pinned", "http2", "http3", "ech", "acme",
             "mixed-content", "not-secure")  # fmt: skip
#: The request of an authority for a challenge, which always comes over http first (RFC 8555 section
#: 8.3): of a site that has no certificate yet, it is all that has to work.
_CHALLENGE = "http://{}/.well-known/acme-challenge/"
#: Kinds of messages that a browser shows where nothing listens on port 443.
_OF_CONNECTIONS = frozenset(
    {"name", "refused", "unreachable", "timeout", "not-connected", "reset", "closed", "unusable"}
)
#: Layers whose causes are that a port is closed.
_CLOSING = frozenset({"firewall", "cloud"})


async def run_at_served_address(
    first: "Run", observe: "Callable[[Run], Awaitable[Ending]]"
) -> "tuple[Run, Ending]":
    """Return the run that is to be judged, and what ended it early: that of the address at which
    the server has the site, where the first one shows that nothing is set up for https; else the
    first. From outside that is known of a challenge alone, whose message names the address.
    `observe` lets the probes of a run finish."""
    seconds = first.options.deadline - RESERVE - first.elapsed()
    is_asked = first.target.is_bare_name or _asks_for_challenge(first.target)
    if seconds < MIN_SECONDS or not is_asked:
        return first, None
    is_anothers = _is_anothers_https(first)
    if _is_connected(first) and not is_anothers:
        return first, None
    if not first.is_inside or is_anothers:
        return await _run_over_http(first, observe)
    served = _served_address(first)
    if served is None:
        return first, None
    if served.is_program and not await _speaks_http(first, served.url):
        return first, None
    # A certificate in use at another port is no sign that this one is meant. Where no block has the
    # name, https is wanted as well, and what is wrong there comes first.
    has_certificate = not served.url.startswith("https:") and await _has_certificate(first)
    has_certificate = has_certificate and not _asks_for_challenge(first.target)
    if has_certificate and (served.is_named or served.is_program):
        return first, None
    try:
        target = _target(first.target, served, first.options.bare_name_remark)
    except UsageError:
        return first, None
    events: list[Event] = []
    second = first.for_address(target, events.append)
    second.emit(
        UnservedAddress(
            vantage=Vantage.SERVER, at=first.elapsed(), url=first.target.url,
            is_named=served.is_named,
        )
    )  # fmt: skip
    ending = await observe(second)
    if isinstance(ending, asyncio.CancelledError):
        return first, ending
    if ending is not None or not _is_answer(second, served, needs_cause=has_certificate):
        return first, None
    show_instead(first, second, events)
    return second, None


async def _run_over_http(
    first: "Run", observe: "Callable[[Run], Awaitable[Ending]]"
) -> "tuple[Run, Ending]":
    """Return the run over http, where an authority asked so for a challenge, and every address
    refuses https or answers with the certificate of another name: what fails there comes first.
    Else the first run."""
    if not _asks_for_challenge(first.target) or not _is_for_http_alone(first):
        return first, None
    target = parse_target(f"http://{first.target.host}/", first.target.websockets)
    target = replace(
        target,
        input=first.target.input,
        symptom=first.target.symptom,
        read_as=f"{target.url}{first.options.bare_name_remark}",
    )
    events: list[Event] = []
    second = first.for_address(target, events.append)
    ending = await observe(second)
    if ending is not None or not any(page.status is not None for page in second.observed(Exchange)):
        return first, ending if isinstance(ending, asyncio.CancelledError) else None
    show_instead(first, second, events)
    return second, None


def _asks_for_challenge(target: Target) -> bool:
    words = target.symptom.text.lower() if target.symptom is not None else ""
    return _CHALLENGE.format(target.host) in words


def _is_anothers_https(run: "ProbeContext") -> bool:
    """Return whether a challenge is asked for, and each certificate at the target's port is for
    other names: the site itself has no https yet."""
    leaves = [
        handshake.chain[0]
        for handshake in run.observed(Handshake)
        if handshake.port == run.target.port and handshake.chain
    ]
    return (
        _asks_for_challenge(run.target)
        and bool(leaves)
        and not any(covers(run.target.host, leaf.dns_names, leaf.addresses) for leaf in leaves)
    )


def _is_for_http_alone(run: "ProbeContext") -> bool:
    """Return whether all addresses refuse https, or have it for other names, and port 80 is open at
    one of them."""
    attempts = run.observed(Connection)
    own = [attempt for attempt in attempts if attempt.port == run.target.port == 443]
    is_refused = all(attempt.failure and attempt.failure.kind == "refused" for attempt in own)
    is_open = any(attempt.port == 80 and attempt.failure is None for attempt in attempts)
    return bool(own) and (is_refused or _is_anothers_https(run)) and is_open


def show_instead(first: "Run", second: "Run", events: Iterable[Event]) -> None:
    """Send a second run's events to the sink of the first, and from now on its later ones."""
    first.sink(Started(second.target, second.options.scope))
    for event in events:
        first.sink(event)
    second.sink = first.sink


def _is_connected(run: "ProbeContext") -> bool:
    return any(
        connection.failure is None
        for connection in run.observed(Connection)
        if connection.port == run.target.port
    )


def _served_address(run: "Run") -> ServedAddress | None:
    """Return where the site is by the causes of a run, unless the message that was pasted is about
    https."""
    symptom = run.target.symptom
    if symptom is not None and not _asks_for_challenge(run.target) and _means_https(symptom):
        return None
    causes = verdict(conclude(run.evidence(), run.options.ignores)).causes
    addresses = (cause.claim.served_at for cause in causes)
    return next((address for address in addresses if address is not None), None)


def _means_https(symptom: Symptom) -> bool:
    words = symptom.text.lower()
    return "https" in words or "443" in words or symptom.kind.startswith(_OF_HTTPS)


async def _speaks_http(run: "ProbeContext", url: str) -> bool:
    """Return whether a program on the server answers a request over http: it may be no site."""
    from diagnose.probes.inside.remote_curl import curl

    parts = urlsplit(url)
    own_url = f"{parts.scheme}://127.0.0.1:{parts.port or 80}/"
    response = await curl(run.machine, own_url, (f"Host: {parts.netloc}",), patience=2)
    return response is not None and response.status is not None


async def _has_certificate(run: "ProbeContext") -> bool:
    """Return whether the server has a certificate for the name at a usual place: then https is
    wanted."""
    # Imported late, as the module of a probe.
    from diagnose.probes.inside.other_nginx import FIND_SCRIPT, parse_certificates

    result = await run.machine.run("sh", "-c", FIND_SCRIPT, "sh")
    return any(
        covers(run.target.host, certificate.leaf.dns_names, certificate.leaf.addresses)
        for certificate in parse_certificates(result.out)
    )


def _target(asked_target: Target, served: ServedAddress, remark: str) -> Target:
    target = parse_target(served.url, asked_target.websockets)
    return replace(
        target,
        input=asked_target.input,
        symptom=asked_target.symptom,
        read_as=f"{target.url}{remark}",
    )


def _is_answer(run: "Run", served: ServedAddress, *, needs_cause: bool) -> bool:
    """Return whether a run says more than the first: a fault of the site there, or a response where
    the message that was pasted is none that the closed port explains (not with `needs_cause`). A
    port that is closed to a program which is only guessed to be the site may be closed on
    purpose."""
    causes = verdict(conclude(run.evidence(), run.options.ignores)).causes
    if served.is_program and any(cause.check.layer in _CLOSING for cause in causes):
        return False
    if any(cause.check.layer != "tcp" for cause in causes):
        return True
    symptom = run.target.symptom
    if needs_cause or (symptom is not None and symptom.kind in _OF_CONNECTIONS):
        return False
    return any(exchange.status is not None for exchange in run.observed(Exchange))
