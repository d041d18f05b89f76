"""Looks at a script that Apache could not start: its permissions and its first line."""

import asyncio
import shlex

from diagnose.model import Vantage
from diagnose.model.site_folders import CgiScript
from diagnose.parsers.apache.cgi_scripts import interpreter_of, near_interpreters
from diagnose.parsers.sanitize import UNSAFE
from diagnose.probes import ProbeContext

#: As much of a script as its first line needs.
MAX_BYTES = 400


async def emit_script(ctx: ProbeContext, path: str) -> None:
    if UNSAFE.search(path) or any(sign in path for sign in "*?[]"):
        return
    at, words = ctx.elapsed(), ("stat", "-c", "%a", path)
    content, status = await asyncio.gather(
        ctx.machine.read(path, MAX_BYTES), ctx.machine.run(*words)
    )
    if content.failure:
        return
    mode = status.out.strip()
    interpreter, has_returns = interpreter_of(content.text)
    near = near_interpreters(path, interpreter)
    scripts = await asyncio.gather(
        *(ctx.machine.glob(each) for each in (*filter(None, [interpreter]), *near))
    )
    there = {each for paths in scripts for each in paths}
    ctx.emit(
        CgiScript(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=f"ls -l {shlex.quote(path)}; head -n 1 {shlex.quote(path)} | cat -A",
            path=path,
            mode=int(mode, 8) if mode.isdigit() and len(mode) <= 4 else None,
            interpreter=interpreter,
            has_interpreter=interpreter in there,
            has_returns=has_returns,
            near=tuple(each for each in near if each in there and each != interpreter),
        )
    )
