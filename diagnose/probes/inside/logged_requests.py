"""Reads access logs of a web server on this machine: which other requests of visitors failed in the
last minutes, while the target's own page is answered.

A GET among them is sent again, so that what is over is not reported. What fails again, and a page
whose own requests failed, is diagnosed after the target. So is a page after which visitors did not
come back, if it leads to a doubtful address.
"""

import contextlib
import math
import re
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from diagnose.machine.container import ContainerMachine
from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests, RefusedLogin
from diagnose.model.marks import UrlPath, Word
from diagnose.model.other_requests import OtherRequest
from diagnose.net.deadline import deadline
from diagnose.parsers.access_log import AccessLine, host_of, port_of
from diagnose.parsers.cross_origin_requests import PORTS, cross_origin_requests
from diagnose.parsers.failed_requests import (
    SWITCHED,
    failed_requests,
    passes_login,
    refused_upgrades,
)
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
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext, emit_not_observed
from diagnose.probes.outside.http_requests import PageRequest, request_anew

#: Seconds. Older requests belong to earlier problems.
RECENT_SECONDS = 600

#: Maximum number of logs that are read, and of requests that are sent again.
MAX_LOGS, MAX_REPEATED = 3, 3

#: Statuses after which a request is sent again. After a 504 it would only wait.
REPEATED = {403, 404, 500, 502, 503}

READ_SCRIPT = read_script(__file__, "access_logs.sh")
JOURNAL_SCRIPT = read_script(__file__, "access_journal.sh")


_LoggedT = TypeVar("_LoggedT", FailedRequests, RefusedLogin)

#: Yields the requests in the text of a log.
LogReader = Callable[[str], Iterable[AccessLine]]


@frozen
class LoggedSite:
    """The logs of the target's site: the reader of each by its path, None for one in a format that
    cannot be read.

    `names` are the site's names, `shared` the logs that other sites write too. `server` is the
    program that writes them, `loaded` when it loaded its configuration (seconds since the epoch).
    `journal` are the arguments of journalctl if the only log is in the journal, () for files.
    `is_local_time` is True if the times in the log are the server's own and have no zone.
    `withholds_login` is whether the program keeps the visitors' login from the application at a
    path.
    """

    server: Word
    names: Collection[str]
    logs: Mapping[str, LogReader | None]
    shared: Collection[str] = ()
    loaded: float = 0.0
    journal: tuple[Word, ...] = ()
    is_local_time: bool = False
    withholds_login: Callable[[str], bool] = passes_login


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


@frozen
class LoggedFailures:
    """What failed by the logs: requests, the paths at which browsers may have been refused a
    WebSocket, the pages that visitors did not get, what pages loaded and did not get, the pages
    that led a visitor to themselves, and those whose own requests failed, or got a page in place of
    data. `used` are the pages that browsers used, if somebody reports a fault, `cross_origin` the
    requests of scripts of other sites' pages, `departures` the pages after which visitors did not
    come back, and `logins` the requests with a password for the web server."""

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


async def observe_failures(
    ctx: ProbeContext, site: LoggedSite, pages: Sequence[Exchange]
) -> LoggedFailures:
    """Emit the requests that failed, send some of them again, and return what failed."""
    failures = await _read(ctx, site)
    for failure in failures.requests:
        ctx.emit(failure)
    await _repeat(ctx, pages, failures)
    return failures


async def _read(ctx: ProbeContext, site: LoggedSite) -> LoggedFailures:
    """Return what failed before this run began, since the server loaded its configuration. The
    target's own page was answered meanwhile."""
    logs = dict(list(site.logs.items())[:MAX_LOGS])
    if not logs:
        return LoggedFailures()
    at = ctx.elapsed()
    inside = ctx.machine if isinstance(ctx.machine, ContainerMachine) else None
    if inside:
        result = await inside.read_logs(*logs)
    elif site.journal:
        result = await ctx.machine.run("sh", "-c", JOURNAL_SCRIPT, "sh", *site.journal)
    else:
        result = await ctx.machine.run("sh", "-c", READ_SCRIPT, "sh", *logs)
    head, _, rest = result.out.partition("\n")
    now = whole_number(" ".join(head.split(" ")[1:2]))
    if now is None:
        return LoggedFailures()
    offset = _zone_offset(head) if site.is_local_time else 0
    elapsed = ctx.elapsed()
    # A clock of whole seconds: the run began in one of two.
    latest, earliest = math.ceil(now + 1 - elapsed) - 1, int(now - elapsed)
    clock = _exact_clock(head)
    began = clock - elapsed if clock is not None else None
    since = max(now - RECENT_SECONDS, int(site.loaded))
    failures, upgrades = list[FailedRequests](), list[str]()
    unserved, failing, used = list[OtherRequest](), list[OtherRequest](), list[OtherRequest]()
    parts, circling = list[OtherRequest](), list[OtherRequest]()
    cross_origin, failed_elsewhere = list[OtherRequest](), list[AccessLine]()
    visits: dict[str, list[AccessLine]] = {}
    logins = list[RefusedLogin]()
    own_path = ctx.target.path.partition("?")[0]
    for (path, reader), text in zip(logs.items(), _sections(rest), strict=False):
        lines = (
            replace(line, when=line.when - offset) for line in (reader(text) if reader else ())
        )
        earlier = [
            line
            for line in lines
            if int(line.when) < earliest
            or (began is not None and _is_before(line, began))
            or (int(line.when) <= latest and _is_visitors(ctx, line))
        ]
        own, others = _by_port(earlier, site, ctx.target.port)
        failed_elsewhere += [line for line in others if line.status >= 400 and line.when >= since]
        earlier = visits[path] = own
        is_shared = path in site.shared
        failures += failed_requests(
            earlier, path, site.names, is_shared, since, site.withholds_login
        )
        upgrades += refused_upgrades(earlier, site.names, is_shared, since)
        logins += refused_logins(earlier, path, site.names, is_shared, since)
        unserved += unserved_pages(earlier, path, site.names, is_shared, since)
        parts += unserved_parts(earlier, path, site.names, own_path, since)
        circling += circling_pages(earlier, path, site.names, is_shared, since)
        failing += pages_with_failures(earlier, path, site.names, since)
        failing += calls_given_a_page(earlier, path, site.names, since)
        used += used_pages(earlier, path, site.names, since) if ctx.target.symptom else ()
        # A user who gives an origin or a method asks about that request.
        if ctx.options.request.origin is None and ctx.options.request.method == "GET":
            cross_origin += cross_origin_requests(earlier, path, site.names, is_shared, since)
    _report_other_port(ctx, site, failed_elsewhere)

    def observed(logged: _LoggedT) -> _LoggedT:
        command = _command(inside, site, logged.file)
        return replace(logged, at=at, took=result.took, server=site.server, equivalent=command)

    requests = tuple(
        observed(failure)
        for failure in failures
        # The run asks for the target's own page itself; it does not wait for the end of a tunnel.
        if (failure.method, failure.path) != ("GET", own_path) or failure.status == SWITCHED
    )
    return LoggedFailures(
        requests,
        tuple(dict.fromkeys(upgrades)),
        _of_others(unserved, own_path, at),
        _of_others(parts, own_path, at),
        _of_others(circling, own_path, at),
        _of_others(failing, own_path, at),
        _of_others(used, own_path, at),
        _of_others(cross_origin, own_path, at),
        _of_others(_departures(visits, site, since), own_path, at),
        tuple(map(observed, logins)),
    )


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


def _is_visitors(ctx: ProbeContext, line: AccessLine) -> bool:
    """Whether a request is none of this run. Its own are known by their User-Agent, unless the user
    gave one or the log has none, as HAProxy's; those of other machines are not ours."""
    has_own_agent = any(name.lower() == "user-agent" for name, _ in ctx.options.request.headers)
    if line.agent and not has_own_agent:
        return True
    return ctx.machine.via == "local" and bool(line.client) and not ctx.net.is_mine(line.client)


def _of_others(
    requests: Iterable[OtherRequest], own_path: str, at: float
) -> tuple[OtherRequest, ...]:
    """Return the requests for other pages than the target's own, and those of other sites."""
    return tuple(
        replace(request, vantage=Vantage.SERVER, at=at)
        for request in requests
        if request.path != own_path or request.origin
    )


def _exact_clock(head: str) -> float | None:
    """Return the server's clock in seconds since the epoch, by its line ("now 1795514470 +0800
    250000000"); None if its `date` knows no nanoseconds (only GNU's does)."""
    match = re.fullmatch(r"now ([0-9]{1,12}) [+-][0-9]{4} ([0-9]{9})", head)
    return int(match[1]) + int(match[2]) / 1e9 if match else None


def _is_before(line: AccessLine, began: float) -> bool:
    """Return whether a request came before this run began: HAProxy and Caddy write fractions."""
    return not line.when.is_integer() and line.when < began


def _zone_offset(head: str) -> int:
    """Return the seconds by which the server's zone is ahead of UTC, by the line of its clock
    ("now 1795514470 +0800 250000000")."""
    match = re.match(r"now [0-9]+ ([+-])([0-9]{2})([0-9]{2})(?: |$)", head)
    if match is None:
        return 0
    seconds = int(match[2]) * 3600 + int(match[3]) * 60
    return seconds if match[1] == "+" else -seconds


def _command(inside: ContainerMachine | None, site: LoggedSite, path: str) -> str:
    """Return the command that shows the log. Images of nginx write it to the container's output."""
    if inside and inside.engine:
        return shlex.join((inside.engine, "logs", "--tail", "1000", inside.name))
    if site.journal:
        return shlex.join(("journalctl", *site.journal, "-n", "1000"))
    return f"tail -n 1000 {shlex.quote(path)}"


def _sections(text: str) -> Iterator[str]:
    """Yield the lines of each log in the output of READ_SCRIPT or of `ContainerMachine.read_logs`,
    "" for one that cannot be read."""
    lines: list[str] = []
    for line in text.split("\n"):
        if line.startswith(" "):
            lines.append(line[1:])
        elif line.startswith("log"):
            lines = []
        else:
            yield "\n".join(lines)
            lines = []


async def _repeat(ctx: ProbeContext, pages: Sequence[Exchange], failures: LoggedFailures) -> None:
    """Send those again that ask without changing anything (RFC 9110 section 9.2.1), and whose whole
    address is known. Have diagnosed what fails again, the pages that sent what failed, and what
    scripts of other sites asked for."""
    page = pages[0]
    unserved = {
        request.path: request
        for request in (*failures.parts, *failures.unserved)
        if request.status in REPEATED and _is_worth_asking(ctx, request)
    }
    paths = [
        failure.path
        for failure in failures.requests
        if failure.method == "GET"
        and failure.status in REPEATED
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
    for request in (each for each in failures.departures if each.path not in circling):
        # Imported late: most visitors come back.
        from diagnose.probes.inside.repeated_departures import may_lead_astray

        if await may_lead_astray(ctx, page, request):
            ctx.further_requests.diagnose_later(request)


def _is_worth_asking(ctx: ProbeContext, request: OtherRequest) -> bool:
    """Whether a person may have met it. Programs that look for weak sites get 404 all day."""
    is_error = (request.status or 0) >= 500
    return request.by_browser or is_error or ctx.target.symptom is not None


async def fails_again(ctx: ProbeContext, page: Exchange, path: str) -> bool:
    """Send a GET to the address of a page that was answered, and return whether it fails; False if
    it was sent already, or cannot be."""
    url = ctx.target.origin + path
    if not ctx.further_requests.begin(f"logged request {path}"):
        return False
    exchange = await send_again(ctx, page, url)
    return exchange is not None and (exchange.status or 0) >= 400


async def send_again(ctx: ProbeContext, page: Exchange, url: str) -> Exchange | None:
    """Send a GET for another URL of the site to the address of a page, and emit and return the
    answer; None if it is not permitted, or came too late."""
    allowance = ctx.further_requests.reserve(ctx, url, 0)
    if allowance is None:
        return None
    with contextlib.suppress(TimeoutError):
        async with deadline(allowance.seconds):
            return await request_anew(ctx, PageRequest(url, page.address, "logged", page.verified))
    return None
