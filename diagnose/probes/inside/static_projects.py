"""The project of Django whose static files the page lacks: its manage.py is in the folder of the
program behind nginx, or above the folder in which nginx looks for them."""

import posixpath
import shlex
from collections.abc import Iterable

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.site_folders import StaticProject
from diagnose.parsers.nginx.file_paths import ServedFile
from diagnose.parsers.sanitize import UNSAFE, clean
from diagnose.parsers.static_roots import static_root
from diagnose.probes import ProbeContext

SCRIPT = read_script(__file__, "static_project.sh")

#: Most folders that are looked into, and folders that are no project's.
MAX_FOLDERS = 8
_TOO_WIDE = frozenset({"", "/", "/srv", "/var", "/var/www", "/home", "/opt", "/usr", "/root"})


async def emit_static_project(
    ctx: ProbeContext, url: str, served: ServedFile, programs: Iterable[str]
) -> None:
    """Emit the project once, if the file is below a folder of its own on the site ("/static/")."""
    first, _, rest = served.uri.lstrip("/").partition("/")
    folder = served.path.removesuffix(rest)
    if not rest or folder == served.path or first in {"media", "uploads"} or UNSAFE.search(folder):
        return
    above = [folder.rstrip("/")]
    while len(above) < MAX_FOLDERS // 2 and above[-1] not in _TOO_WIDE:
        above.append(posixpath.dirname(above[-1]))
    folders = dict.fromkeys((*programs, *above[1:]))
    places = [each for each in folders if each not in _TOO_WIDE][:MAX_FOLDERS]
    if not places or not ctx.further_requests.begin("the project of the static files"):
        return
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", *places)
    facts = parse_project(result.out)
    owner, _, path = facts.get("manage", "").partition(" ")
    if path:
        ctx.emit(
            StaticProject(
                vantage=Vantage.SERVER,
                at=at,
                took=result.took,
                equivalent=f"grep -rn STATIC_ROOT {shlex.quote(posixpath.dirname(path))}",
                url=url,
                folder=folder,
                path=path,
                owner=owner,
                python=facts.get("python", ""),
                setting=facts.get("root", ""),
                root=static_root(
                    facts.get("root", ""), facts.get("base", ""), facts.get("settings", "")
                ),
            )
        )


def parse_project(text: str) -> dict[str, str]:
    """Return the lines of SCRIPT by their first word."""
    lines = (line.partition(" ") for line in text.split("\n")[:16])
    return {word: clean(rest.strip(), 300) for word, _, rest in lines if rest.strip()}
