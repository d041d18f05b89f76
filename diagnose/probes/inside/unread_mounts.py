"""Reads files that are mounted into the container of a web server, which does not read them: the
site's own configuration may lie at a path that the image's program does not know.

The probes `other_nginx` ask for it, where the configuration that is read has no site of the name.
"""

import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator
from typing import Literal

from diagnose.machine import FileContent
from diagnose.model import Vantage
from diagnose.model.containers import BindMount, NginxContainer, UnreadMount
from diagnose.model.web_servers import Product
from diagnose.parsers.nginx.site_files import serving_block
from diagnose.parsers.site_words import has_site
from diagnose.probes import ProbeContext

#: Most mounts that are looked at, files of each, and bytes of a file.
MAX_MOUNTS, MAX_FILES, MAX_BYTES = 12, 20, 100_000

#: Paths of configurations: by their ending, or below the folder of a web server. Certificates and
#: data lie elsewhere.
_CONFIGURATION = re.compile(
    r"\.(?:conf|cfg|caddy|ya?ml|toml|template)$|/(?:Caddyfile[^/]*|sites-[a-z]+|conf(?:\.d)?)$"
    r"|^/(?:usr/local/)?etc/(?:nginx|caddy|haproxy|apache2|httpd|traefik)(?!.*(?:ssl|certs?|keys?))"
)


async def observe_unread_mounts(
    ctx: ProbeContext, product: Literal["nginx"] | Product, path: str, read: Iterable[str]
) -> None:
    """Emit the first mounted file that has the site and is not among those that are read."""
    at, paths = ctx.elapsed(), frozenset(read)
    for container in ctx.observed(NginxContainer):
        if container.own_network or ctx.observed(UnreadMount):
            return
        mounts = [mount for mount in container.mounts if _CONFIGURATION.search(mount.point)]
        for mount in mounts[:MAX_MOUNTS]:
            for point, content in _inner(mount, await _files(ctx, mount)):
                if point in paths or not _has_site(ctx, product, content):
                    continue
                ctx.emit(
                    UnreadMount(
                        vantage=Vantage.SERVER,
                        at=at,
                        took=ctx.elapsed() - at,
                        equivalent=f"cat {shlex.quote(content.path)}",
                        product=product,
                        point=point,
                        source=content.path,
                        path=path,
                    )
                )
                return


def _has_site(ctx: ProbeContext, product: str, content: FileContent) -> bool:
    """Return whether a file has the site. A block of nginx for another port would not help."""
    if not has_site(product, content.text, ctx.target.host):
        return False
    target = ctx.target
    return product != "nginx" or bool(
        serving_block(content.text, content.path, target.host, target.port)
    )


async def _files(ctx: ProbeContext, mount: BindMount) -> tuple[FileContent, ...]:
    """Return the mounted file, or those of the mounted folder."""
    single = await ctx.machine.read(mount.source, MAX_BYTES)
    if single.failure is None:
        return (single,)
    folder = mount.source.rstrip("/")
    contents = await ctx.machine.read_all(f"{folder}/*", MAX_BYTES)
    # A project's folder has its files a folder deeper: conf/nginx/site.conf.
    deeper = await ctx.machine.read_all(f"{folder}/*/*.c[of]*", MAX_BYTES)
    return (*contents[:MAX_FILES], *deeper[:MAX_FILES])


def _inner(mount: BindMount, contents: Iterable[FileContent]) -> Iterator[tuple[str, FileContent]]:
    """Return each file with the path at which the container sees it."""
    for content in contents:
        if content.failure is None:
            rest = content.path[len(mount.source) :].lstrip("/")
            yield (posixpath.join(mount.point, rest) if rest else mount.point), content
