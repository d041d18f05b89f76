"""Reads which line of a program's own script limits the messages of its WebSockets, after a person
tells that one was too large. Only that line is kept (docs/adr/0092)."""

import posixpath
from collections.abc import Iterator

from diagnose.model import Vantage
from diagnose.model.applications import ReadSetting
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.message_limits import SCRIPTS, message_limits, suspected_limit
from diagnose.parsers.program_place import ProgramPlace, parse_place
from diagnose.parsers.read_settings import is_plain
from diagnose.parsers.web_sites import routes_of_name
from diagnose.probes import ProbeContext
from diagnose.probes.inside.own_setting_files import MAX_FILE
from diagnose.probes.inside.program_logs import endpoints_of, is_own_host
from diagnose.probes.inside.websocket_locations import passing_paths

#: Most programs that are looked at, and seconds for the script.
_MAX_PROGRAMS, _PATIENCE = 3, 5.0


async def emit_message_limits(ctx: ProbeContext, script: str) -> None:
    """Emit the line of each program behind the site's WebSockets; `script` is program_place.sh with
    what it needs."""
    if not suspected_limit(ctx.target.symptom):
        return
    for endpoint in list(dict.fromkeys(websocket_endpoints(ctx)))[:_MAX_PROGRAMS]:
        if ctx.further_requests.begin(f"the largest message of {endpoint}"):
            result = await ctx.machine.run("sh", "-c", script, "sh", endpoint, timeout=_PATIENCE)
            await _emit(ctx, parse_place(result.out))


def websocket_endpoints(ctx: ProbeContext) -> Iterator[str]:
    """Yield where the site's WebSockets are passed on to: a server may have a rule for them alone,
    beside that of its pages."""
    target = ctx.target
    for server in ctx.observed(WebServerConfig):
        for path in (*target.websockets, target.path):
            bare = path.partition("?")[0]
            for route in routes_of_name(server, target.port, target.host, bare, True)[:2]:
                if route.port and is_own_host(ctx, route.host):
                    yield str(route.port)
    for path in (*target.websockets, *passing_paths(ctx, "/"), target.path):
        yield from endpoints_of(ctx, path)


async def _emit(ctx: ProbeContext, place: ProgramPlace) -> None:
    word = next((each for each in place.words[:8] if each.endswith(SCRIPTS)), "")
    path = posixpath.normpath(posixpath.join(place.folder or "/", word))
    is_library = "/node_modules/" in path or "/site-packages/" in path
    if not place.pid or place.container or place.is_front or not word or is_library:
        return
    file = await ctx.machine.read(path, MAX_FILE)
    if file.failure is not None:
        return
    for line in message_limits(file.text, path, suspected_limit(ctx.target.symptom)):
        if is_plain(line.line):
            ctx.emit(
                ReadSetting(
                    vantage=Vantage.SERVER, at=ctx.elapsed(), application="program",
                    topic="message-limit", key=line.key, file=file.real or path,
                    number=line.number, line=line.line, new=line.new, process=place.process,
                    unit=place.unit, starter=place.starter,
                )
            )  # fmt: skip
