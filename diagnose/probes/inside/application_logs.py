"""Probe that reads what the application itself writes, after the site has answered with its error.

The files to which the application's processes write, and their sizes, are noted; then the same page
is asked for once more, on the server; then only what was added is read. So the lines belong to a
request of this run, whatever the form of the log. Nothing is read of an application that works.
"""

import re
import shlex

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.addresses import bracketed
from diagnose.model.application_log import ApplicationLog, FailedUnit
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.parsers.application_lines import telling_lines
from diagnose.parsers.http import proxy_page
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside import failed_services, remote_curl, upstream_routes
from diagnose.probes.inside.upstream_requests import ask_after_config, ask_after_page
from diagnose.probes.inside.upstream_routes import UpstreamRoute

SCRIPT = read_script(__file__, "application_logs.sh")

#: nginx's own errors. After a 502 an application may say why it closed the connection; one that is
#: too slow is not asked again.
_CLOSED, _SLOW = 502, 504
#: Failed services that are shown.
MAX_UNITS = 3
#: Services whose failure is no reason of an application's.
_JUDGED = frozenset({"nginx", "openresty", "tengine"})


@frozen
class LogPlaces:
    """The process that listens, its service ("" for none), and the files with their sizes."""

    pid: int | None = None
    process: str = ""
    unit: str = ""
    files: tuple[tuple[str, int], ...] = ()


@probe(after=Exchange)
async def error_of_page(ctx: ProbeContext, exchange: Exchange) -> None:
    await ask_after_page(ctx, exchange, _is_question, _read)


@probe(after=NginxConfig)
async def error_of_page_before(ctx: ProbeContext, config: NginxConfig) -> None:
    await ask_after_config(ctx, config, _is_question, _read)


@probe(after=UpstreamTry)
async def failed_units(ctx: ProbeContext, attempt: UpstreamTry) -> None:
    """Read which services failed, where an application does not listen."""
    kinds = {"refused", "missing"}
    if attempt.failure is None or attempt.failure.kind not in kinds:
        return
    if not ctx.options.wants("upstream") or not ctx.further_requests.begin("failed services"):
        return
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", failed_services.SCRIPT)
    for unit in parse_units(result.out, at, result.took)[:MAX_UNITS]:
        ctx.emit(unit)


def parse_units(text: str, at: float, took: float) -> list[FailedUnit]:
    """Parse the output of `failed_services.SCRIPT`."""
    units = []
    for block in re.split(r"^unit ", text, flags=re.MULTILINE)[1:]:
        head, _, journal = block.partition("\n")
        name, state = (*head.split(" "), "", "")[:2]
        unit = clean(name, 100).removesuffix(".service")
        lines = telling_lines(_of_program(journal))
        if unit not in _JUDGED and lines:
            units.append(
                FailedUnit(
                    vantage=Vantage.SERVER,
                    at=at,
                    took=took,
                    equivalent=f"journalctl -n 60 -u {shlex.quote(unit)}",
                    unit=unit,
                    state=clean(state, 30),
                    message=lines[-1],
                )
            )
    return units


def _of_program(journal: str) -> str:
    """Return a journal without systemd's words for every failure, if there are others."""
    usual = re.compile(
        r"Failed with result|Scheduled restart job|Start(?:ed|ing) |Stopped |Failed to start "
        r"|Main process exited|Consumed |Start request repeated"
    )
    lines = [line.strip() for line in journal.splitlines() if line.strip()]
    telling = [line for line in lines if not usual.search(line)]
    return "\n".join(telling or lines)


def _is_question(ctx: ProbeContext, exchange: Exchange) -> bool:
    status = exchange.status or 0
    is_target = exchange.purpose == "target" and exchange.port == ctx.target.port
    is_own = status == _CLOSED or proxy_page(exchange.body) != "nginx"
    return is_target and status >= 500 and status != _SLOW and is_own


async def _read(ctx: ProbeContext, config: NginxConfig, exchange: Exchange) -> None:
    route = next(
        (each for each in upstream_routes.find_routes(ctx, config) if each.path == ctx.target.path),
        None,
    )
    if route is None or not ctx.options.wants("upstream") or exchange.method != "GET":
        return
    places = await _places(ctx, route)
    if places is None or not (places.unit or places.files):
        return
    at = ctx.elapsed()
    if not await _ask_again(ctx, exchange):
        return
    files = [word for path, size in places.files for word in (path, str(size))]
    since = f"{max(ctx.elapsed() - at, 0) + 1:.0f} seconds ago"
    words = ("read", since, f"{places.unit}.service" if places.unit else "-", *files)
    result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", *words)
    endpoint = route.upstream.endpoints[0] if route.upstream.endpoints else None
    address, port = upstream_routes.peer_of(endpoint) if endpoint else ("", 0)
    for source, lines in parse_additions(result.out):
        path = "" if source == "journal" else source
        shown = f"tail -n 50 {shlex.quote(path)}" if path else f"journalctl -n 50 -u {places.unit}"
        ctx.emit(
            ApplicationLog(
                vantage=Vantage.SERVER,
                at=at,
                took=ctx.elapsed() - at,
                equivalent=shown,
                target=route.upstream.target,
                address=address,
                port=port,
                status=exchange.status or 0,
                process=places.process,
                pid=places.pid,
                unit=places.unit,
                source=path,
                lines=tuple(map(ctx.options.request.mask_secrets, lines)),
            )
        )
        return


async def _places(ctx: ProbeContext, route: UpstreamRoute) -> LogPlaces | None:
    endpoints = route.upstream.endpoints
    if not endpoints:
        return None
    socket = endpoints[0].socket or str(endpoints[0].port)
    roots = [each.args[0] for each in route.place.directives("root") if each.args]
    folders = [root for root in roots if root.startswith("/") and "$" not in root]
    result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", "places", socket, *folders[:2])
    return parse_places(result.out)


async def _ask_again(ctx: ProbeContext, exchange: Exchange) -> bool:
    """Ask for the page once more on the server; return whether an answer came."""
    host = f"{ctx.target.host}:{exchange.port}:{bracketed(exchange.address)}"
    answer = await remote_curl.curl(
        ctx.machine, exchange.url, (), options=("--resolve", host), patience=5
    )
    return answer is not None and answer.status is not None


def parse_places(text: str) -> LogPlaces:
    """Parse what "places" prints."""
    process = re.search(r"^process (\d+) (\S+) (.*)$", text, re.MULTILINE)
    files = re.findall(r"^file (\d+) (/.+)$", text, re.MULTILINE)
    unit = clean(process[2], 100) if process else "-"
    return LogPlaces(
        int(process[1]) if process else None,
        clean(process[3], 60) if process else "",
        "" if unit == "-" else unit.removesuffix(".service"),
        tuple((path, int(size)) for size, path in files),
    )


def parse_additions(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Parse what "read" prints: each source with the lines that say most, the best source first."""
    parts = re.split(r"^@@@ (.+)$", text, flags=re.MULTILINE)[1:]
    added = [
        (clean(source, 300), telling_lines(words))
        for source, words in zip(parts[::2], parts[1::2], strict=True)
    ]
    return sorted(
        ((source, lines) for source, lines in added if lines),
        key=lambda each: -len(each[1]),
    )
