"""Looks for the file of a script that has an address of each visitor's own machine: the file can be
edited where the site itself answers what the script asks there."""

import shlex
from urllib.parse import unquote, urlsplit

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.pages import PageFileResponse
from diagnose.model.site_folders import BuiltAddress
from diagnose.parsers.sanitize import UNSAFE
from diagnose.parsers.urls import is_loopback_host, parse_url
from diagnose.probes import ProbeContext
from diagnose.probes.inside.program_logs import endpoints_of
from diagnose.probes.inside.web_folders import web_folders

SCRIPT = read_script(__file__, "built_addresses.sh")
#: Seconds for the script; most paths that it may have behind the address, files, and folders.
_PATIENCE, _MAX_PATHS, _MAX_FILES, _MAX_FOLDERS = 4.0, 8, 4, 4


def local_origin(response: PageFileResponse) -> str:
    """Return the origin of the first address of localhost with a port that a script asks, "" for
    none."""
    for text in response.requests:
        url = parse_url(text)
        scheme = text.partition("://")[0]
        if url and is_loopback_host(url.host) and f":{url.port}" in text and "[" not in text:
            return f"{scheme}://{url.host}:{url.port}"
    return ""


async def emit_built_addresses(ctx: ProbeContext) -> None:
    """Emit the files of the scripts that ask localhost, each once."""
    folders = [path.rstrip("/") for path in dict.fromkeys(web_folders(ctx)) if path[:1] == "/"]
    folders = [path for path in folders if path and not UNSAFE.search(path)][:_MAX_FOLDERS]
    for response in ctx.observed(PageFileResponse) if folders else ():
        address = local_origin(response)
        count = len(ctx.observed(BuiltAddress))
        if not address or response.status != 200 or response.redirects or count >= _MAX_FILES:
            continue
        if ctx.further_requests.begin(f"the file of {response.url}"):
            await _look(ctx, response.url, address, folders)


async def _look(ctx: ProbeContext, url: str, address: str, folders: list[str]) -> None:
    path, at = unquote(urlsplit(url).path), ctx.elapsed()
    if UNSAFE.search(path) or ".." in path:
        return
    words = ("sh", "-c", SCRIPT, "sh", path, address, *_told_paths(ctx, address), "--", *folders)
    lines = (await ctx.machine.run(*words, timeout=_PATIENCE)).out.split("\n")[:40]
    of = {
        kind: [line.removeprefix(f"{kind} ") for line in lines if line.startswith(f"{kind} /")]
        for kind in ("file", "asked", "there")
    }
    asked, port = of["asked"], address.rpartition(":")[2]
    is_whole = all(each in of["there"] or port in endpoints_of(ctx, each) for each in asked)
    if not of["file"] or not asked or len(asked) > _MAX_PATHS or not is_whole:
        return
    ctx.emit(
        BuiltAddress(
            vantage=Vantage.SERVER, at=at, url=url, address=address, path=of["file"][0],
            asked=tuple(asked), equivalent=shlex.join(("grep", "-noF", address, of["file"][0])),
        )
    )  # fmt: skip


def _told_paths(ctx: ProbeContext, address: str) -> list[str]:
    """Return the paths behind the address in a visitor's message."""
    text = ctx.target.symptom.text[:2048] if ctx.target.symptom else ""
    paths = list[str]()
    for part in text.split(f"{address}/")[1:]:
        words = part.split(maxsplit=1)
        path = "/" + words[0].strip("'\"`.,;)”’»").partition("?")[0] if words else "/"
        if path != "/" and not UNSAFE.search(path):
            paths.append(path)
    return paths[:_MAX_PATHS]
