"""Looks at the program that keeps a visitor out, by the page of this run or by its own log: what
runs it, and whether the file in which it keeps its bans has the address. Nothing is sent."""

import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Literal

from diagnose.model import Vantage
from diagnose.model.containers import NginxContainer
from diagnose.model.http import Exchange
from diagnose.model.program_logs import ProgramBan
from diagnose.model.server import Listeners
from diagnose.parsers.program_limits import ProgramLimit, limit_told, limits_told
from diagnose.parsers.program_place import ProgramPlace, parse_place
from diagnose.parsers.sanitize import UNSAFE, clean
from diagnose.parsers.told_visitors import addresses_in
from diagnose.probes import ProbeContext
from diagnose.probes.inside import own_settings, program_logs
from diagnose.probes.inside.program_logs import ProgramLog

#: The file in which a program keeps its bans, beside its configuration or its log.
_LISTS = {"homeassistant": "ip_bans.yaml"}
MAX_BYTES = 1 << 16
#: Most bans of a log that are looked at.
MAX_BANS = 4
_PATH = re.compile(r"(?:^|\s)(/[\w./@+-]{1,300})")


async def observe_page_ban(ctx: ProbeContext, listeners: Listeners) -> None:
    """Look at the program whose page says that it keeps this visitor out."""
    pages = [page for page in ctx.observed(Exchange) if page.is_page_of(ctx.target)]
    limit = next(filter(None, (limit_told(page.body) for page in pages)), None)
    if limit is None or limit.limit_of != "ban" or ctx.observed(NginxContainer):
        return
    for endpoint in dict.fromkeys(program_logs.endpoints_of(ctx, ctx.target.path)):
        is_asked = not program_logs.is_front(listeners, endpoint)
        if is_asked and ctx.further_requests.begin(f"what {endpoint} keeps out"):
            await _observe(ctx, endpoint, [limit], "page", "")


async def observe_logged_ban(ctx: ProbeContext, endpoint: str, log: ProgramLog) -> None:
    """Emit the last bans that a program's log names, each address once, the newest first, if they
    still hold as far as its list tells."""
    told_limits = [limit for limit in limits_told(log.text) if limit.limit_of == "ban"]
    limits = {limit.words: limit for limit in reversed(told_limits)}
    if limits and ctx.further_requests.begin(f"whom {endpoint} keeps out"):
        await _observe(ctx, endpoint, list(limits.values())[:MAX_BANS], "log", log.source)


async def _observe(
    ctx: ProbeContext,
    endpoint: str,
    limits: Sequence[ProgramLimit],
    source: Literal["log", "page"],
    command: str,
) -> None:
    at = ctx.elapsed()
    words = ("sh", "-c", own_settings.SCRIPT, "sh", endpoint)
    result = await ctx.machine.run(*words, timeout=own_settings.PATIENCE)
    place = parse_place(result.out)
    for limit in limits if not place.is_front else ():
        address = next(iter(addresses_in(limit.words)), "")
        path, text, is_lifted = await _list(ctx, limit, place, command, address)
        if is_lifted:
            continue
        ctx.emit(
            ProgramBan(
                vantage=Vantage.SERVER, at=at, took=ctx.elapsed() - at,
                equivalent=f"cat {shlex.quote(path)}" if path else command,
                limit=limit.name, message=clean(limit.words, 160), endpoint=endpoint,
                source=source, process=place.process or place.container, address=address,
                list_file=path, list_text=text, unit=place.unit, container=place.container,
                engine=place.engine, starter=place.starter,
            )
        )  # fmt: skip


async def _list(
    ctx: ProbeContext, limit: ProgramLimit, place: ProgramPlace, command: str, address: str
) -> tuple[str, str, bool]:
    """Return the file with the bans that has the address, and its text; and whether there is one
    that has it no more."""
    name, is_lifted = _LISTS.get(limit.name), False
    for folder in dict.fromkeys(_folders(place, command)) if name and address else ():
        path = place.host_path(posixpath.join(folder, name or ""))
        content = (
            await ctx.machine.read(path, MAX_BYTES) if path and not UNSAFE.search(path) else None
        )
        if content is None or content.failure:
            continue
        if any(line.strip("\"' \r:") == address for line in content.text.split("\n")):
            return content.real or path, content.text, False
        is_lifted = True
    return "", "", is_lifted


def _folders(place: ProgramPlace, command: str) -> Iterator[str]:
    """Yield where the program's configuration may be: folders that its arguments name, that of its
    log, its working directory, and the usual one in a container."""
    yield from (word for word in place.words[1:] if word.startswith("/") and len(word) < 300)
    yield from (posixpath.dirname(path) for path in _PATH.findall(command))
    yield place.folder or "/"
    yield "/config"
