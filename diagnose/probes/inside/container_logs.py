"""Reads the error log of an nginx in a container behind the server that visitors reach: it says why
that one refused a request. Nothing of the container is run."""

import shlex

from diagnose.model import Vantage
from diagnose.model.http import Exchange
from diagnose.model.logs import ContainerLogLine, FailedRequests
from diagnose.model.nginx import ContainerNginx
from diagnose.model.pages import PageFileResponse
from diagnose.parsers.urls import path_of
from diagnose.probes import ProbeContext, probe

#: Maximum number of lines, and of log files.
_MOST, _MOST_FILES = 40, 3
#: From this status on an answer is an error.
FAILED = 400
_DEFAULT = "/var/log/nginx/error.log"


@probe(after=Exchange, needs=ContainerNginx)
async def after_a_page(ctx: ProbeContext, page: Exchange, container_nginx: ContainerNginx) -> None:
    """Read it after a page that failed, or where requests of visitors failed before."""
    is_failed = page.is_of_visit and (page.status or 0) >= FAILED
    known = [
        line
        for line in ctx.observed(ContainerLogLine)
        if line.container == container_nginx.container
    ]
    if is_failed and any(line.in_run for line in known):
        return
    if is_failed or (not known and (ctx.target.symptom or ctx.observed(FailedRequests))):
        await _emit_lines(ctx, container_nginx)


@probe(after=PageFileResponse, needs=ContainerNginx)
async def after_a_page_file(
    ctx: ProbeContext, file: PageFileResponse, container_nginx: ContainerNginx
) -> None:
    """Read it after a file of the page that failed."""
    if (file.status or 0) < FAILED:
        return
    if ctx.further_requests.begin(f"log of {container_nginx.container} after {path_of(file.url)}"):
        await _emit_lines(ctx, container_nginx)


async def _emit_lines(ctx: ProbeContext, container_nginx: ContainerNginx) -> None:
    # Imported late: few servers have such a container.
    from diagnose.machine.container import ContainerMachine
    from diagnose.parsers.nginx import error_log
    from diagnose.parsers.nginx.locations import LocationMatch
    from diagnose.parsers.nginx.server_blocks import servers
    from diagnose.probes.inside.logs import parse_readings

    places = (
        LocationMatch((server.http, server.block)) for server in servers(container_nginx.main)
    )
    logs = error_log.log_destinations(container_nginx.main, places, _DEFAULT, "/etc/nginx")
    readable = [log for log in logs if log.is_file or log.target == "stderr"][:_MOST_FILES]
    at = ctx.elapsed()
    known = {_key(line) for line in ctx.observed(ContainerLogLine)}
    machine = ContainerMachine(
        ctx.machine, container_nginx.pid, container_nginx.engine, container_nginx.container
    )
    result = await machine.read_logs(*(log.target for log in readable))
    for reading in parse_readings(result.out, readable):
        if reading.clock is None:
            continue
        began = int(reading.clock.epoch - ctx.elapsed())
        lines = error_log.relevant_lines(reading.lines, ctx.target.host, reading.since, _MOST)
        for line in lines:
            seen = ContainerLogLine(
                vantage=Vantage.SERVER,
                at=at,
                took=result.took,
                equivalent=shlex.join(
                    (
                        container_nginx.engine or "docker",
                        "logs",
                        "--tail",
                        "1000",
                        container_nginx.container,
                    )
                ),
                container=container_nginx.container,
                level=line.level,
                text=line.text,
                written=line.written,
                request=line.request,
                upstream=line.upstream,
                times=line.times,
                in_run=line.when >= began,
            )
            if _key(seen) not in known:
                ctx.emit(seen)


def _key(line: ContainerLogLine) -> tuple[object, ...]:
    return line.container, line.written, line.text, line.request, line.upstream
