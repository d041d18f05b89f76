"""Reads access logs of a web server on this machine: which other requests of visitors failed in the
last minutes, while the target's own page is answered.

A GET among them is sent again, so that what is over is not reported. What fails again, and a page
whose own requests failed, is diagnosed after the target. So is a page after which visitors did not
come back, if it leads to a doubtful address.
"""

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from itertools import chain
from typing import TypeVar

from diagnose.model import Symptom, Vantage
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.logs import (
    AcceptedForm,
    DownloadSize,
    FailedRequests,
    RefusedHandshakes,
    RefusedLogin,
    UnservedRequests,
)
from diagnose.model.marks import UrlPath
from diagnose.model.other_requests import OtherRequest
from diagnose.net.deadline import deadline
from diagnose.parsers.access_log import AccessLine, host_of, port_of
from diagnose.parsers.asked_path_failures import asked_path_failures, with_asked_path
from diagnose.parsers.cross_origin_requests import PORTS, cross_origin_requests
from diagnose.parsers.failed_requests import SWITCHED, failed_requests, refused_upgrades
from diagnose.parsers.likely_browsers import with_likely_pages
from diagnose.parsers.other_requests import (
    calls_given_a_page,
    circling_pages,
    pages_with_failures,
    unserved_pages,
    unserved_parts,
    used_pages,
)
from diagnose.parsers.refused_logins import refused_logins
from diagnose.parsers.usual_paths import is_usual_websocket
from diagnose.probes import ProbeContext, emit_not_observed
from diagnose.probes.further_requests import MAX_LOGGED
from diagnose.probes.inside.log_texts import LoggedSite, LogTexts, command, read_logs
from diagnose.probes.outside.http_requests import PageRequest, request_anew
from diagnose.probes.outside.websocket import try_sessions

#: Seconds. Older requests belong to earlier problems.
RECENT_SECONDS = 600

#: Maximum number of requests that are sent again.
MAX_REPEATED = 3

#: Statuses after which a request is sent again. After a 504 it would only wait.
REPEATED = {403, 404, 500, 502, 503}
#: Statuses of a request that is too large with what browsers send: this run's own is not.
TOO_LARGE = {400, 414, 431, 494}
_BAD_REQUEST, _NOT_FOUND, _TOO_MANY = 400, 404, 429
#: Bytes of a download that may have been cut by nginx's temporary file.
_LARGE = 1 << 30
#: Methods that programs send and that a rule may not let in.
_CHANGING = frozenset({"PUT", "PATCH", "DELETE"})
#: The status of an answer with nothing in it (`AccessLine.is_empty`).
EMPTY = 200

_LoggedT = TypeVar(
    "_LoggedT",
    FailedRequests, RefusedHandshakes, RefusedLogin, UnservedRequests, DownloadSize, AcceptedForm,
)  # fmt: skip


def logs_of_other_sites(
    sites: Iterable[tuple[Iterable[str], Iterable[str]]], names: Collection[str]
) -> set[str]:
    """Return the logs that a site with another name than these writes too. Each site is its names
    and the paths of its logs; one without a name answers what no other does."""
    unnamed = {"", "_", *names}
    return {
        path
        for site_names, paths in sites
        if not unnamed.issuperset(name.lower() for name in site_names)
        for path in paths
    }


def answered_pages(ctx: ProbeContext) -> list[Exchange]:
    """Return the target's page from each address; nothing if none was answered. After a page that
    fails there is a fault to name already."""
    pages = [page for page in ctx.observed(Exchange) if page.is_page_of(ctx.target)]
    is_served = any(page.status is not None and page.status < 500 for page in pages)
    return pages if is_served else []


def silent_pages(ctx: ProbeContext) -> list[Exchange]:
    """Return the target's page from each address, if none was answered while this run waited."""
    pages = [page for page in ctx.observed(Exchange) if page.is_page_of(ctx.target)]
    is_silent = all(page.failure and page.failure.kind == "timeout" for page in pages)
    return pages if is_silent else []


async def observe_own_failures(ctx: ProbeContext, site: LoggedSite) -> bool:
    """Emit the requests for the target's own page whose end the server itself decided, by its log,
    and return whether there are any. What a client ended is no failure."""
    texts = await read_logs(ctx, site)
    if texts is None:
        return False
    since = max(texts.clock - RECENT_SECONDS, int(site.loaded))
    own_path, has_any = _own_path(ctx), False
    for path, lines in texts.visitors_lines(ctx, site):
        for failure in _in_log(ctx, site, path, lines, since).requests:
            is_own = (failure.method, failure.path) == ("GET", own_path)
            if is_own and failure.ending[:1] not in {"", "c", "C", "-"}:
                equivalent = command(ctx, site, failure.file)
                logged = replace(failure, at=texts.at, took=texts.took, server=site.server)
                ctx.emit(replace(logged, equivalent=equivalent))
                has_any = True
    return has_any


@frozen
class LoggedFailures:
    """What failed by the logs: requests, the paths at which browsers may have been refused a
    WebSocket, the pages that visitors did not get, what pages loaded and did not get, the pages
    that led a visitor to themselves, and those whose own requests failed, or got a page in place of
    data. `used` are the pages that browsers used, if somebody reports a fault, `cross_origin` the
    requests of scripts of other sites' pages, `departures` the pages after which visitors did not
    come back, `logins` the requests with a password for the web server, `handshakes` those of
    `upgrades` that certainly asked for a WebSocket, `missed` the paths that visitors asked for
    again and again and nobody got, `downloads` those that ended where nginx's temporary file is
    full, and `accepted` the forms that are refused no more."""

    requests: tuple[FailedRequests, ...] = ()
    upgrades: tuple[UrlPath, ...] = ()
    unserved: tuple[OtherRequest, ...] = ()
    parts: tuple[OtherRequest, ...] = ()
    circling: tuple[OtherRequest, ...] = ()
    failing: tuple[OtherRequest, ...] = ()
    used: tuple[OtherRequest, ...] = ()
    cross_origin: tuple[OtherRequest, ...] = ()
    departures: tuple[OtherRequest, ...] = ()
    logins: tuple[RefusedLogin, ...] = ()
    handshakes: tuple[RefusedHandshakes, ...] = ()
    missed: tuple[UnservedRequests, ...] = ()
    downloads: tuple[DownloadSize, ...] = ()
    accepted: tuple[AcceptedForm, ...] = ()


async def observe_failures(
    ctx: ProbeContext, site: LoggedSite, pages: Sequence[Exchange]
) -> LoggedFailures:
    """Emit the requests that failed, send some of them again, and return what failed."""
    texts = await read_logs(ctx, site)
    if texts is None:
        return LoggedFailures()
    failures = _observed(ctx, site, _failures(ctx, site, texts), texts)
    for path, lines in texts.visitors_lines(ctx, site):
        if any(line.status == _TOO_MANY for line in lines):
            # Imported late: few visitors send too many requests.
            from diagnose.probes.inside.shared_limits import emit_shared_limit

            emit_shared_limit(ctx, site, texts, path, lines)
    for failure in (
        *failures.requests,
        *failures.handshakes,
        *failures.missed,
        *failures.downloads,
        *failures.accepted,
    ):
        ctx.emit(failure)
    await _repeat(ctx, pages, failures)
    for path in dict.fromkeys(
        failure.path for failure in failures.requests if _may_lose_sessions(failure)
    ):
        await try_sessions(ctx, path)
    return failures


def _may_lose_sessions(failure: FailedRequests) -> bool:
    """Return whether a Socket.IO server refused the requests of its clients: with 400 it answers,
    among others, those of a session that another of its processes has."""
    return failure.status == _BAD_REQUEST and "/socket.io" in failure.path


def _failures(ctx: ProbeContext, site: LoggedSite, texts: LogTexts) -> LoggedFailures:
    """Return what failed before this run began, since the server loaded its configuration."""
    since = max(texts.clock - RECENT_SECONDS, int(site.loaded))
    parts, failed_elsewhere = list[LoggedFailures](), list[AccessLine]()
    visits: dict[str, list[AccessLine]] = {}
    for path, lines in texts.visitors_lines(ctx, site):
        lines = with_likely_pages(lines, ctx.target.host, site.names, path in site.shared)
        own, others = _by_port(lines, site, ctx.target.port)
        failed_elsewhere += [line for line in others if line.status >= 400 and line.when >= since]
        visits[path] = own
        parts.append(_in_log(ctx, site, path, own, since))
    _report_other_port(ctx, site, failed_elsewhere)
    return _joined((*parts, LoggedFailures(departures=_departures(visits, site, since))))


def _in_log(
    ctx: ProbeContext, site: LoggedSite, file: str, lines: Sequence[AccessLine], since: float
) -> LoggedFailures:
    """Return what failed by a log."""
    names, is_shared = site.names, file in site.shared
    # A user who gives an origin or a method asks about that request.
    has_usual_request = ctx.options.request.origin is None and ctx.options.request.method == "GET"
    upgrades = refused_upgrades(lines, names, is_shared, since)
    return LoggedFailures(
        requests=_requests(ctx, site, file, lines, since),
        upgrades=upgrades,
        unserved=unserved_pages(lines, file, names, is_shared, since),
        parts=unserved_parts(lines, file, names, _own_path(ctx), since),
        circling=circling_pages(lines, file, names, is_shared, since),
        failing=(
            *pages_with_failures(lines, file, names, since),
            *calls_given_a_page(lines, file, names, since),
        ),
        used=used_pages(lines, file, names, since) if ctx.target.symptom else (),
        cross_origin=cross_origin_requests(lines, file, names, is_shared, since)
        if has_usual_request
        else (),
        logins=refused_logins(lines, file, names, is_shared, since),
        handshakes=_handshakes(lines, file, site, since) if upgrades else (),
        missed=_unserved_requests(lines, file, site, since),
        downloads=_downloads(lines, file, site, since),
        accepted=_accepted(ctx.target.symptom, lines, file, site) if ctx.target.symptom else (),
    )


def _requests(
    ctx: ProbeContext, site: LoggedSite, file: str, lines: Sequence[AccessLine], since: float
) -> tuple[FailedRequests, ...]:
    names, is_shared = site.names, file in site.shared
    failures = with_asked_path(
        failed_requests(lines, file, names, is_shared, since, site.withholds_login),
        asked_path_failures(lines, file, names, is_shared, since, _own_path(ctx)),
    )
    if any(line.when >= since and line.method in _CHANGING for line in lines):
        # Imported late: few visitors change anything by these methods.
        from diagnose.parsers.program_failures import program_failures, with_program_failures

        refused = program_failures(lines, file, names, is_shared, since)
        failures = with_program_failures(failures, refused)
    if all(line.status != _BAD_REQUEST or line.when < since for line in lines):
        return failures
    # Imported late: few visitors' requests are bad.
    from diagnose.parsers.refused_headers import refused_headers, with_refused_headers

    refused = refused_headers(lines, file, names, is_shared, since, _own_path(ctx))
    return with_refused_headers(failures, refused)


def _accepted(
    symptom: Symptom, lines: Sequence[AccessLine], file: str, site: LoggedSite
) -> tuple[AcceptedForm, ...]:
    # Imported late: few people paste a message about a form.
    from diagnose.parsers.accepted_forms import accepted_forms

    return accepted_forms(
        lines, file, site.names, file in site.shared, symptom.text, int(site.loaded)
    )


def _handshakes(
    lines: Sequence[AccessLine], file: str, site: LoggedSite, since: float
) -> tuple[RefusedHandshakes, ...]:
    # Imported late: few visitors are refused a WebSocket.
    from diagnose.parsers.logged_handshakes import refused_handshakes

    return refused_handshakes(lines, file, site.names, file in site.shared, since)


def _unserved_requests(
    lines: Sequence[AccessLine], file: str, site: LoggedSite, since: float
) -> tuple[UnservedRequests, ...]:
    if all(line.status != _NOT_FOUND or line.when < since for line in lines):
        return ()
    # Imported late: of most sites nothing is missed.
    from diagnose.parsers.unserved_requests import unserved_requests

    is_shared = file in site.shared
    return unserved_requests(lines, file, site.names, is_shared, since, site.loaded)


def _downloads(
    lines: Sequence[AccessLine], file: str, site: LoggedSite, since: float
) -> tuple[DownloadSize, ...]:
    if all((line.sent or 0) < _LARGE for line in lines):
        return ()
    # Imported late: few sites have files of this size.
    from diagnose.parsers.download_sizes import download_sizes

    return download_sizes(lines, file, site.names, file in site.shared, since)


def _joined(parts: Sequence[LoggedFailures]) -> LoggedFailures:
    return LoggedFailures(
        **{
            field.name: tuple(chain.from_iterable(getattr(part, field.name) for part in parts))
            for field in fields(LoggedFailures)
        }
    )


def _observed(
    ctx: ProbeContext, site: LoggedSite, failures: LoggedFailures, texts: LogTexts
) -> LoggedFailures:
    """Return the failures with how and when they were observed, without those of the target's own
    page, which was answered meanwhile."""
    own_path, at = _own_path(ctx), texts.at

    def observed(logged: _LoggedT) -> _LoggedT:
        equivalent = command(ctx, site, logged.file)
        return replace(logged, at=at, took=texts.took, server=site.server, equivalent=equivalent)

    return LoggedFailures(
        requests=tuple(
            observed(failure)
            for failure in failures.requests
            # The run asks for the target's own page itself; it does not wait for the end of a
            # tunnel, and has no cookies and no password.
            if (failure.method, failure.path) != ("GET", own_path)
            or failure.status in {SWITCHED, *TOO_LARGE}
            or (failure.lost_user and not own_path.endswith("/"))
        ),
        upgrades=tuple(dict.fromkeys(failures.upgrades)),
        unserved=_of_others(failures.unserved, own_path, at),
        parts=_of_others(failures.parts, own_path, at),
        circling=_of_others(failures.circling, own_path, at),
        failing=_of_others(failures.failing, own_path, at),
        used=_of_others(failures.used, own_path, at),
        cross_origin=_of_others(failures.cross_origin, own_path, at),
        departures=_of_others(failures.departures, own_path, at),
        logins=tuple(map(observed, failures.logins)),
        handshakes=tuple(map(observed, failures.handshakes)),
        downloads=tuple(map(observed, failures.downloads)),
        accepted=tuple(map(observed, failures.accepted)),
        missed=tuple(observed(missed) for missed in failures.missed if missed.path != own_path),
    )


def _own_path(ctx: ProbeContext) -> str:
    return ctx.target.path_without_query


def _departures(
    visits: Mapping[str, Sequence[AccessLine]], site: LoggedSite, since: float
) -> tuple[OtherRequest, ...]:
    if not any(visits.values()):
        return ()
    # Imported late: most runs have no visitors' requests.
    from diagnose.parsers.departures import departures

    return departures(visits, site.names, site.shared, since)


def _by_port(
    lines: Iterable[AccessLine], site: LoggedSite, port: int
) -> tuple[list[AccessLine], list[AccessLine]]:
    """Return the requests at the target's port, and those that visitors sent to another port of the
    site. The pages of http and of https are one site."""
    own_ports = {0, port, *PORTS.values()}
    groups: tuple[list[AccessLine], list[AccessLine]] = ([], [])
    for line in lines:
        groups[port_of(line, site.names) not in own_ports].append(line)
    return groups


def _report_other_port(ctx: ProbeContext, site: LoggedSite, lines: Sequence[AccessLine]) -> None:
    """Report that requests failed which pages of the site sent at another port: that is another
    origin, at which this run asks nothing."""
    if pages := [line for line in lines if host_of(line.referer) in site.names]:
        port = port_of(pages[-1], site.names)
        url = f"https://{ctx.target.host}:{port}/"
        what = f"the requests at {url}"
        emit_not_observed(ctx, what, "this run asks another port", f"diagnose {url}")


def _of_others(
    requests: Iterable[OtherRequest], own_path: str, at: float
) -> tuple[OtherRequest, ...]:
    """Return the requests for other pages than the target's own, and those of other sites."""
    return tuple(
        replace(request, vantage=Vantage.SERVER, at=at)
        for request in requests
        if request.path != own_path or request.origin
    )


async def _repeat(ctx: ProbeContext, pages: Sequence[Exchange], failures: LoggedFailures) -> None:
    """Send those again that ask without changing anything (RFC 9110 section 9.2.1), and whose whole
    address is known. Have diagnosed what fails again, the pages that sent what failed, and what
    scripts of other sites asked for."""
    page = pages[0]
    unserved = {
        request.path: request
        for request in (*failures.parts, *failures.unserved)
        if request.status in {*REPEATED, EMPTY} and _is_worth_asking(ctx, request)
    }
    paths = [
        failure.path
        for failure in failures.requests
        if failure.method == "GET"
        and failure.status in {*REPEATED, *TOO_LARGE}
        and not failure.has_query
        and not is_usual_websocket(failure.path)
    ]
    pages_first = sorted(unserved, key=lambda path: unserved[path] in failures.parts)
    for path in list(dict.fromkeys((*paths, *pages_first)))[:MAX_REPEATED]:
        if await fails_again(ctx, page, path) and path in unserved:
            ctx.further_requests.diagnose_later(unserved[path])
    for request in (
        *failures.failing, *failures.circling, *failures.cross_origin, *failures.used,
    ):  # fmt: skip
        ctx.further_requests.diagnose_later(request)
    circling = {request.path for request in failures.circling}
    for request in (
        departure for departure in failures.departures if departure.path not in circling
    ):
        # Imported late: most visitors come back.
        from diagnose.probes.inside.repeated_departures import may_lead_astray

        if await may_lead_astray(ctx, page, request):
            ctx.further_requests.diagnose_later(request)


def _is_worth_asking(ctx: ProbeContext, request: OtherRequest) -> bool:
    """Whether a person may have met it. Programs that look for weak sites get 404 all day."""
    is_error = (request.status or 0) >= 500
    return request.by_browser or is_error or ctx.target.symptom is not None


async def fails_again(ctx: ProbeContext, page: Exchange, path: str) -> bool:
    """Send a GET to the address of a page that was answered, and return whether it fails, or gets
    nothing; False if it was sent already, or cannot be."""
    url = ctx.target.origin + path
    if not ctx.further_requests.begin(f"logged request {path}"):
        return False
    exchange = await send_again(ctx, page, url)
    if exchange is None:
        return False
    is_empty = exchange.header("Content-Length") == "0" and not exchange.header("Content-Type")
    return (exchange.status or 0) >= 400 or (exchange.status == EMPTY and is_empty)


async def send_again(ctx: ProbeContext, page: Exchange, url: str) -> Exchange | None:
    """Send a GET for another URL of the site to the address of a page, and emit and return the
    answer; None if it is not permitted, or came too late."""
    allowance = ctx.further_requests.reserve(ctx, url, 0, total=MAX_LOGGED)
    if allowance is None:
        return None
    with contextlib.suppress(TimeoutError):
        async with deadline(allowance.seconds):
            return await request_anew(ctx, PageRequest(url, page.address, "logged", page.verified))
    return None
