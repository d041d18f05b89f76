"""Files beside the configuration of Caddy or HAProxy that it does not read, with a site for the
target's port: no `import` names the file, or no `-f`. They are looked for where the server runs and
does not listen on that port, or has no site for the target there."""

import asyncio
import posixpath
import re
from collections.abc import Callable, Sequence

from diagnose.model import Target
from diagnose.model.web_servers import ServerFile, WebServer, WebSite
from diagnose.parsers.caddy.caddyfile import blocks_of
from diagnose.parsers.caddy.sites import named_sites
from diagnose.parsers.sanitize import UNSAFE
from diagnose.parsers.web_sites import has_name
from diagnose.probes import ProbeContext

#: Maximum number of files, and of bytes of each.
MAX_FILES, MAX_BYTES = 40, 1 << 18

#: What somebody put aside, and what is no configuration.
_OTHER = re.compile(
    r"(?:~|\.(?:bak|old|orig|save|disabled|off|swp|sample|example|md|txt|pem|crt|key|json|http|lua)"
    r"|\.dpkg-\w{1,20}|\.rpm\w{1,20}|[-_.]\d{6,14})$",
    re.IGNORECASE,
)

Texts = Sequence[tuple[str, str]]


def caddy_sites(texts: Texts) -> tuple[WebSite, ...]:
    """Return the sites of Caddyfiles by their addresses."""
    return named_sites(blocks_of(texts))


def haproxy_sites(texts: Texts) -> tuple[WebSite, ...]:
    """Return the frontends of files, each read on its own."""
    # Imported late: only HAProxy needs them.
    from diagnose.parsers.haproxy.config import parse
    from diagnose.parsers.haproxy.sites import sites_of

    return tuple(site for text in texts for site in sites_of(parse([text]), {}))


async def unread_sites(
    ctx: ProbeContext,
    server: WebServer,
    read: Sequence[ServerFile],
    sites_in: Callable[[Texts], tuple[WebSite, ...]],
    is_missing: bool = False,
) -> tuple[WebSite, ...]:
    """Return the sites for the target in files beside the configuration that are not read. A
    frontend of HAProxy need not have a name. `is_missing` is whether the server has no site for
    the target on a port on which it listens."""
    folder, port = posixpath.dirname(server.config), ctx.target.port
    is_served = port in server.ports and not is_missing
    if server.pid is None or is_served or folder.count("/") < 2 or server.container:
        return ()
    known = {path for file in read for path in (file.path, file.real or file.path)}
    groups = await asyncio.gather(*map(ctx.machine.glob, (f"{folder}/*", f"{folder}/*/*")))
    paths = [
        path
        for group in groups
        for path in group
        if path not in known and not _OTHER.search(path) and not UNSAFE.search(path)
    ]
    contents = await asyncio.gather(
        *(ctx.machine.read(path, MAX_BYTES) for path in paths[:MAX_FILES])
    )
    texts = [
        (content.path, content.text)
        for content in contents
        if content.failure is None and content.text
    ]
    sites = await asyncio.to_thread(sites_in, texts) if texts else ()
    return tuple(site for site in sites if takes_target(site, ctx.target))[:5]


def takes_target(site: WebSite, target: Target) -> bool:
    """Return whether a site is for the target's port and name, or for every name."""
    return site.listens_on(target.port) and (not site.names or has_name(site, target.host))
