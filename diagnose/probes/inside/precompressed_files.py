"""Probe for the compressed copies that nginx sends in the place of the page's files (`gzip_static`,
`brotli_static`): one that is older than its file may have the content of before.
"""

import shlex
from collections.abc import Iterator
from urllib.parse import urlsplit

from diagnose.machine import HasOwnRoot
from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import Page
from diagnose.model.site_folders import PrecompressedFile
from diagnose.parsers.nginx.file_paths import served_file
from diagnose.parsers.nginx.locations import LocationMatch, select_location
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.sanitize import UNSAFE
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.answering_blocks import answering_blocks
from diagnose.probes.inside.nginx_processes import start_folder_of

#: Maximum number of files that are looked at.
MAX_FILES = 12
_INNER_SCRIPT = read_script(__file__, "precompressed_files.sh")
SCRIPT = f"pid=\n{_INNER_SCRIPT}"

_DIRECTIVES = ("gzip_static", "brotli_static", "zstd_static")
_INDEX = "index.html"


@probe(after=Page, needs=NginxConfig)
async def copies(ctx: ProbeContext, page: Page, config: NginxConfig) -> None:
    files = list(dict.fromkeys(_files(ctx, config, page)))[:MAX_FILES]
    if not files or not ctx.further_requests.begin("precompressed files"):
        return
    at = ctx.elapsed()
    paths = [path for path, _ in files]
    urls = dict(files)
    if isinstance(ctx.machine, HasOwnRoot):
        result = await ctx.machine.run_on_paths(_INNER_SCRIPT, *paths)
    else:
        result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", *paths)
    for line in result.out.splitlines()[: 3 * MAX_FILES]:
        age, _, rest = line.partition(" ")
        content, _, copy = rest.partition(" ")
        path = copy.rpartition(".")[0]
        seconds = whole_number(age)
        if seconds is not None and path in urls and content in {"differs", "unknown"}:
            ctx.emit(
                PrecompressedFile(
                    vantage=Vantage.SERVER,
                    at=at,
                    took=result.took,
                    equivalent=f"ls -l {shlex.quote(path)}*",
                    url=urls[path],
                    path=path,
                    copy_path=copy,
                    older_by=seconds,
                    differs=content == "differs" or None,
                )
            )


def _files(ctx: ProbeContext, config: NginxConfig, page: Page) -> Iterator[tuple[str, str]]:
    """Yield the files of the page of which nginx sends a compressed copy, each with its URL."""
    start = start_folder_of(ctx)
    servers = [server for _, server in answering_blocks(ctx, config)]
    for url in (page.url, *(file.url for file in page.files)):
        if not is_own_origin(ctx.target, url):
            continue
        path = urlsplit(url).path or "/"
        path = f"{path}{_INDEX}" if path.endswith("/") else path
        for server in servers[:1]:
            match = select_location(server, path)
            served = served_file(match, path, start=start) if _sends_copies(match) else None
            if served is not None and not UNSAFE.search(served.path):
                yield served.path, url


def _sends_copies(match: LocationMatch) -> bool:
    directives = (match.directive(name) for name in _DIRECTIVES)
    return any(line is not None and line.args[:1] != ("off",) for line in directives)
