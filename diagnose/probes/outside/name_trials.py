"""Whether something between here and the server reacts to the target's name.

In mainland China a provider resets TLS for a name without an ICP filing and answers http in the
site's place; other devices reset a name, too. The control is the same attempt with no name and with
a name that nobody has, at the same address. The filters let some attempts pass, and an overloaded
server resets some, so each is repeated. All of it happens only after such a reset or page, once a
run, at the first address that shows it. It takes nothing from the budget of further requests,
which is for a site that has answered: at most nine requests over http, with GET, and thirty
handshakes.
"""

import asyncio
import shlex
import ssl
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from diagnose.model import Vantage
from diagnose.model.addresses import bracketed
from diagnose.model.http import Exchange
from diagnose.model.tls import Handshake, NameTrials, TrialName, TrialProtocol
from diagnose.net import tls_controls
from diagnose.net.http import Http1Connection, get
from diagnose.net.tls import secure
from diagnose.parsers.filing_blocks import filing_block
from diagnose.parsers.urls import Url, parse_url
from diagnose.probes import ProbeContext
from diagnose.probes.outside.tls_attempts import server_name

#: How often each handshake and each request is repeated.
TLS_TRIES, HTTP_TRIES = 5, 3

#: Handshakes after which the trials end if something else than the name is the reason.
MIN_TRIES = 2

#: A name that nobody has (RFC 6761 section 6.4).
OTHER_NAME = "diagnose.invalid"

#: Seconds for one attempt, and the time that the run needs after the last.
PATIENCE, RESERVE = 2.0, 1.0

_NAMES: tuple[TrialName, ...] = ("own", "none", "other")
_VERSIONS: dict[TrialProtocol, ssl.TLSVersion] = {
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
#: The options of openssl-s_client(1) for each version.
_OPTIONS: dict[TrialProtocol, str] = {"TLSv1.2": "-tls1_2", "TLSv1.3": "-tls1_3"}

Outcome = Literal["blocked", "answered", "none"]


def is_suspect(observation: Handshake | Exchange, host: str) -> bool:
    """Whether this is a reset after the target's name, or a provider's page in its place."""
    if observation.vantage is not Vantage.HERE:
        return False
    if isinstance(observation, Handshake):
        failure = observation.failure
        return observation.variant == "normal" and failure is not None and failure.kind == "reset"
    url = parse_url(observation.url)
    is_own = url is not None and url.host == host and not url.secure
    return is_own and filing_block(observation) is not None


async def try_names(ctx: ProbeContext, observation: Handshake | Exchange) -> None:
    """Make the trials at this observation's address, unless an earlier one has started them."""
    suspects = [
        item
        for item in ctx.observed(Handshake, Exchange)
        if isinstance(item, Handshake | Exchange) and is_suspect(item, ctx.target.host)
    ]
    if server_name(ctx) is None or not suspects or suspects[0] is not observation:
        return
    if isinstance(observation, Exchange):
        await _try_requests(ctx, observation)
    if ctx.target.uses_tls:
        await _try_handshakes(ctx, observation.address)


async def _try_handshakes(ctx: ProbeContext, address: str) -> None:
    contexts = {name: tls_controls.only_version(version) for name, version in _VERSIONS.items()}
    trials = [_tls_trial(ctx, address, name, protocol) for protocol in contexts for name in _NAMES]
    for try_number in range(TLS_TRIES):
        if not _has_time(ctx) or (try_number >= MIN_TRIES and not _may_be_name(trials)):
            break
        outcomes = await asyncio.gather(
            *(_shake_hands(ctx, trial, contexts[trial.protocol]) for trial in trials)
        )
        trials = [_counted(trial, outcome) for trial, outcome in zip(trials, outcomes, strict=True)]
    _emit(ctx, trials)


async def _try_requests(ctx: ProbeContext, exchange: Exchange) -> None:
    trials = [_http_trial(ctx, exchange, name) for name in _NAMES]
    for _ in range(HTTP_TRIES):
        if not _has_time(ctx):
            break
        outcomes = await asyncio.gather(*(_request(ctx, trial, exchange) for trial in trials))
        trials = [_counted(trial, outcome) for trial, outcome in zip(trials, outcomes, strict=True)]
    _emit(ctx, trials)


def _may_be_name(trials: Iterable[NameTrials]) -> bool:
    """Whether the name may still be the reason: without it, attempts are answered, and none is
    blocked."""
    controls = [trial for trial in trials if trial.name != "own"]
    return not any(trial.blocked for trial in controls) and any(
        trial.answered for trial in controls
    )


def _has_time(ctx: ProbeContext) -> bool:
    return ctx.options.timeout - ctx.elapsed() > PATIENCE + RESERVE


def _emit(ctx: ProbeContext, trials: Iterable[NameTrials]) -> None:
    for trial in trials:
        if trial.tries:
            ctx.emit(replace(trial, took=ctx.elapsed() - trial.at))


def _counted(trial: NameTrials, outcome: Outcome) -> NameTrials:
    return replace(
        trial,
        tries=trial.tries + 1,
        blocked=trial.blocked + (outcome == "blocked"),
        answered=trial.answered + (outcome == "answered"),
    )


def _tls_trial(
    ctx: ProbeContext, address: str, name: TrialName, protocol: TrialProtocol
) -> NameTrials:
    sent = {"own": ctx.target.host, "none": "", "other": OTHER_NAME}[name]
    sni = ("-servername", sent) if sent else ("-noservername",)
    place = f"{bracketed(address)}:{ctx.target.port}"
    argv = ("openssl", "s_client", "-connect", place, *sni, _OPTIONS[protocol])
    return NameTrials(
        at=ctx.elapsed(),
        equivalent=f"{shlex.join(argv)} </dev/null",
        address=address,
        port=ctx.target.port,
        sent=sent,
        name=name,
        protocol=protocol,
    )


async def _shake_hands(
    ctx: ProbeContext, trial: NameTrials, ssl_context: ssl.SSLContext
) -> Outcome:
    opened = await ctx.net.connect(trial.address, trial.port, PATIENCE)
    if opened.stream is None:
        return "none"
    result = await secure(opened.stream, ssl_context, trial.sent or None, PATIENCE)
    if result.stream is not None:
        result.stream.close()
    if result.failure is not None and result.failure.kind == "reset":
        return "blocked"
    return "answered" if result.received else "none"


def _http_trial(ctx: ProbeContext, exchange: Exchange, name: TrialName) -> NameTrials:
    sent = {"own": ctx.target.host, "none": exchange.address, "other": OTHER_NAME}[name]
    place = f"http://{bracketed(exchange.address)}:{exchange.port}{_path(exchange)}"
    return NameTrials(
        at=ctx.elapsed(),
        equivalent=shlex.join(("curl", "-sSi", "-g", "-H", f"Host: {sent}", place)),
        address=exchange.address,
        port=exchange.port,
        sent=sent,
        name=name,
        protocol="HTTP",
    )


async def _request(ctx: ProbeContext, trial: NameTrials, exchange: Exchange) -> Outcome:
    opened = await ctx.net.connect(trial.address, trial.port, PATIENCE)
    if opened.stream is None:
        return "none"
    url = str(Url("http", trial.sent, trial.port, _path(exchange)))
    result = await get(Http1Connection(opened.stream, PATIENCE), url, PATIENCE)
    opened.stream.close()
    answer = replace(
        exchange,
        url=url,
        status=result.status,
        headers=result.headers,
        body=result.body,
        failure=result.failure,
    )
    if filing_block(answer) is not None:
        return "blocked"
    if result.failure is not None and result.failure.kind == "reset":
        return "blocked"
    return "answered" if result.status else "none"


def _path(exchange: Exchange) -> str:
    url = parse_url(exchange.url)
    return url.path if url else "/"
