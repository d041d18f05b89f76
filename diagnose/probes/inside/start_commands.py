"""What may start the program of a port on which nothing listens: the files of pm2, supervisor,
Docker Compose and npm on this server that name the port."""

import json
import posixpath
import shlex
from typing import Any

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.program_logs import Starter, StartFile
from diagnose.parsers.sanitize import clean
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext

SCRIPT = read_script(__file__, "start_commands.sh")

#: Seconds, and bytes of a package.json.
PATIENCE, MAX_BYTES = 5.0, 65536
#: The kinds of lines in the order in which they count: what was set up to start it comes first.
_KINDS: tuple[Starter, ...] = (
    "supervisor", "unit", "saved", "user", "ecosystem", "compose", "project", "other",
)  # fmt: skip
#: What the script tells of the owners.
_OWN = frozenset({"home", "uid", "lingers", "manager", "pm2", "daemon", "boots"})


async def emit_start_file(ctx: ProbeContext, port: int) -> None:
    """Emit the one file that starts the program of the port, if there is one alone of its kind."""
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", str(port), timeout=PATIENCE)
    found, programs = parse_start_files(result.out)
    for kind in _KINDS:
        own = [(owner, path) for each, owner, path in found if each == kind]
        # A project of its own in a folder of another is a part of it.
        own = [each for each in own if not any(_is_in(each[1], other) for _, other in own)]
        if not own or (kind == "compose" and "docker" not in programs):
            continue
        if len(own) > 1:
            return
        owner, path = own[0]
        is_project = kind in {"project", "other"}
        file = f"{path}/package.json" if is_project else path
        script = await _script(ctx, file) if is_project else ""
        if is_project and not script:
            return
        ctx.emit(
            StartFile(
                vantage=Vantage.SERVER,
                at=at,
                took=result.took,
                equivalent=f"supervisorctl status {shlex.quote(path)}"
                if kind == "supervisor"
                else f"cat {shlex.quote(file)}",
                port=port,
                starter=kind,
                path=path,
                owner=owner,
                script=script,
                has_pm2="pm2" in programs,
                **_owner_facts(kind, owner, result.out, has_pm2="pm2" in programs),
            )
        )
        return


def _owner_facts(kind: Starter, owner: str, text: str, *, has_pm2: bool) -> dict[str, Any]:
    """Return the fields about the owner and the tools, from the output of SCRIPT."""
    lines = [line.split(" ", 2) for line in text.split("\n")[:120]]
    own = {
        words[0]: "".join(words[2:])
        for words in lines
        if words[0] in _OWN and len(words) > 1 and words[1] == owner
    }
    npm = next((words[1] for words in lines if words[0] == "npm" and len(words) == 2), "")
    tool = own.get("pm2", "") if has_pm2 else npm
    if kind == "supervisor":
        units = (words[1] for words in lines if words[0] == "supervised" and len(words) == 2)
        tool = next(units, "")
    return {
        "home": clean(own.get("home", ""), 300),
        "user_id": whole_number(own.get("uid", "")) or 0,
        "lingers": "lingers" in own,
        "is_up": ("manager" if kind == "user" else "daemon") in own,
        "boots": "boots" in own,
        "tool": clean(tool, 300),
    }


def _is_in(path: str, other: str) -> bool:
    return (
        path != other
        and path.startswith(f"{posixpath.dirname(other)}/")
        and (posixpath.dirname(path).startswith(f"{other}/") or posixpath.dirname(path) == other)
    )


def parse_start_files(text: str) -> tuple[tuple[tuple[str, str, str], ...], frozenset[str]]:
    """Return the lines of SCRIPT as kind, owner and path, and the programs that are there."""
    found, programs = list[tuple[str, str, str]](), set[str]()
    for line in text.split("\n")[:120]:
        kind, _, rest = line.partition(" ")
        owner, _, path = rest.partition(" ")
        if kind == "has":
            programs.add(rest)
        elif kind in _KINDS and path and len(path) <= 300 and clean(path, 300) == path:
            found.append((kind, clean(owner, 40), path))
    return tuple(found), frozenset(programs)


async def _script(ctx: ProbeContext, path: str) -> str:
    """Return the script with which npm starts a project: "start", or the one for production; "" if
    it has none."""
    content = await ctx.machine.read(path, MAX_BYTES)
    try:
        document = json.loads(content.text) if not content.failure else None
    except (ValueError, RecursionError):
        return ""
    scripts = document.get("scripts") if isinstance(document, dict) else None
    names = scripts if isinstance(scripts, dict) else {}
    return next((name for name in ("start:prod", "start", "serve") if name in names), "")
