"""Probe for the script that PHP-FPM does not find: whether it is where nginx says, or where another
setting of the site leads; and whether the one that it refuses is there with ".php". Where a visitor
gets the source of a script, or PHP-FPM is not reached at a port: where it listens.
"""

import posixpath
import re

from diagnose.model.files import PageFileAccess
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.http import GATEWAY_FAILURES, document_kind
from diagnose.parsers.nginx.script_paths import other_scripts, script_request
from diagnose.parsers.sanitize import UNSAFE
from diagnose.probes import ProbeContext, is_first, probe
from diagnose.probes.inside.answering_blocks import answering_blocks
from diagnose.probes.inside.file_access import access_as, is_file, read_access
from diagnose.probes.inside.nginx_processes import first_worker, start_folder_of
from diagnose.probes.inside.upstream_access import emit_listeners

#: What PHP-FPM answers for a script that it does not find (sapi/fpm/fpm/fpm_main.c).
_MISSING = "File not found."
#: The words of PHP-FPM about a file that its pool does not run (security.limit_extensions).
_REFUSED = re.compile(r"Access to the script '(/[^']{1,4000})' has been denied")
#: Maximum number of other places.
_MAX_PLACES = 16


@probe(after=Exchange, needs=WebServerConfig)
async def sockets_of_source(ctx: ProbeContext, exchange: Exchange, config: WebServerConfig) -> None:
    """Emit the listening sockets where a visitor of Apache gets the source of a script, or no
    answer of PHP at a port."""
    if not exchange.is_page_of(ctx.target) or config.product != "apache":
        return
    is_failed = exchange.status in GATEWAY_FAILURES
    is_unreached = is_failed and any("fcgi://" in file.text for file in config.files)
    if is_unreached or document_kind(exchange.body) == "php":
        await emit_listeners(ctx)


@probe(after=Exchange, needs=NginxConfig)
async def missing_script(ctx: ProbeContext, exchange: Exchange, config: NginxConfig) -> None:
    """Emit the path of the script as PHP gets it, and where it is; or the listening sockets."""
    if exchange.is_page_of(ctx.target) and document_kind(exchange.body) == "php":
        await emit_listeners(ctx)
        return
    if not is_first(ctx, exchange, _is_missing):
        return
    server = next((server for _, server in answering_blocks(ctx, config)), None)
    worker = first_worker(ctx)
    start = start_folder_of(ctx)
    path = ctx.target.path_without_query
    request = script_request(server, path, start) if server else None
    if server is None or request is None or worker is None or UNSAFE.search(request.script.path):
        return
    others = dict.fromkeys(
        file for _, file, _ in other_scripts(server, request, start) if not UNSAFE.search(file)
    )
    at, places = ctx.elapsed(), [request.script.path, *list(others)[:_MAX_PLACES]]
    accesses = {
        access.path: access for access in await read_access(ctx.machine, "", str(worker), places)
    }
    named = accesses.get(places[0])
    if named is None or is_file(named):
        return
    elsewhere = next((path for path in places[1:] if is_file(accesses.get(path))), "")
    ctx.emit(
        access_as(
            PageFileAccess, named, at=at, url=exchange.url, elsewhere=elsewhere, mistake="script"
        )
    )


@probe(after=LogLine, needs=NginxConfig)
async def refused_script(ctx: ProbeContext, line: LogLine, _: NginxConfig) -> None:
    """Emit whether a file without an ending, which PHP refuses to run, is there with ".php"."""
    refused = _REFUSED.search(line.text)
    page = next((page for page in ctx.observed(Exchange) if page.is_page_of(ctx.target)), None)
    worker = first_worker(ctx)
    if refused is None or page is None or page.status != 403 or worker is None:
        return
    named, name = refused[1], posixpath.basename(refused[1])
    if not name or "." in name or UNSAFE.search(named):
        return
    if any(access.path == named for access in ctx.observed(PageFileAccess)):
        return
    at, places = ctx.elapsed(), [named, f"{named}.php"]
    accesses = {
        access.path: access for access in await read_access(ctx.machine, "", str(worker), places)
    }
    first, second = accesses.get(places[0]), accesses.get(places[1])
    if first is not None and not is_file(first) and is_file(second):
        ctx.emit(
            access_as(
                PageFileAccess, first, at=at, url=page.url, elsewhere=places[1], mistake="script"
            )
        )


def _is_missing(ctx: ProbeContext, exchange: Exchange) -> bool:
    return (
        exchange.is_page_of(ctx.target)
        and exchange.status == 404
        and exchange.body.startswith(_MISSING)
    )
