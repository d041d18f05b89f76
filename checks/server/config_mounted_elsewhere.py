"""The site's configuration is mounted into the web server's container at a path that the server
does not read, so that it serves what the image has: official images read one file or one folder,
which is not always that of a package (`/usr/local/etc/haproxy/haproxy.cfg`,
`/usr/local/apache2/conf`).

The file has the site's name in the server's own words, the container sees it, and no file that the
server reads is it, or has the site. A block for every name may be the site all the same: what it
answers is no page of a package then, and the file is a copy that was left behind.
"""

import posixpath
import shlex
from collections.abc import Iterator

from checks.listener._compose_edits import mount_fix
from checks.listener._containers import recreating_command
from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.server._port_holders import site_pages
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.containers import BindMount, Containers, NginxContainer, UnreadMount
from diagnose.model.http import page_exchanges
from diagnose.model.web_servers import TITLES
from diagnose.parsers.http import GATEWAY_FAILURES


@check(
    severity=Severity.ERROR,
    needs=[NginxContainer, UnreadMount],
    explains=[
        "listener.container-unpublished",
        "tcp.refused",
        "http.*",
        "tls.*",
        "certificate.*",
        "websocket.*",
        "nginx.no-matching-server",
        "nginx.own-answer",
        "nginx.no-certificate",
        "nginx.listen-without-ssl",
        "server.redirect-missing",
        "server.wrong-site",
        "server.site-missing",
        "server.page-missing",
        "server.own-answer",
        "server.port-not-served",
        "server.traefik-no-router",
        "server.traefik-default-certificate",
    ],
)
def config_mounted_elsewhere(evidence: Evidence) -> Iterator[Claim]:
    statuses = {page.status for page in page_exchanges(evidence)}
    # A gateway whose application is not reached is no page of an image either.
    if site_pages(evidence) or statuses & GATEWAY_FAILURES:
        return
    for mount in evidence.good(UnreadMount):
        own = next(iter(evidence.good(NginxContainer)))
        port, copy = evidence.target.port, _copy_path(evidence, own, mount)
        yield Claim(
            about=Subject(port=port),
            covers=tuple(Subject(port=number) for number in dict.fromkeys((port, 80))),
            because=(mount, own, *evidence.good(Containers)),
            facts={
                "server": "nginx" if mount.product == "nginx" else TITLES[mount.product],
                "container": own.title,
                "engine": own.engine,
                "point": mount.point,
                "source": mount.source,
                "main": mount.path,
                "name": evidence.target.host,
                "volume": f"{mount.source}:{_right_point(mount)}:ro",
                "included": mount.product in {"nginx", "apache"},
                "recreate": recreating_command(evidence, own.digest),
                "copy": shlex.join(("cp", "-n", mount.source, copy)) if copy else "",
            },
            fix=_fix(evidence, own, mount, copy),
        )
        return


def _fix(evidence: Evidence, own: NginxContainer, mount: UnreadMount, copy: str) -> Fix:
    if not copy:
        right = BindMount(_right_point(mount), mount.source)
        return mount_fix(evidence, own, right, mount.point)
    step = Manual("copy-it-there", Where.SERVER)
    return Fix((step, *reload_steps(Nginx.of(evidence))), Applicability.MANUAL)


def _copy_path(evidence: Evidence, own: NginxContainer, mount: UnreadMount) -> str:
    """Return the server's path of the file in a mounted folder from which an include takes it; ""
    if there is none."""
    config = Nginx.of(evidence).config
    if mount.product != "nginx" or config is None:
        return ""
    # Imported late: few sites are mounted where nothing reads them.
    from diagnose.parsers.nginx.site_files import has_wildcard, include_patterns, matching_path

    for pattern in include_patterns(config):
        path = matching_path(posixpath.basename(mount.point), pattern)
        holder = own.mount_of(path) if path and has_wildcard(pattern) else None
        if path and holder is not None and holder.point != path:
            return posixpath.join(holder.source, path[len(holder.point) :].lstrip("/"))
    return ""


def _right_point(mount: UnreadMount) -> str:
    """Return the path at which the server reads a file: its own main file, or for nginx one that
    the image's main file includes."""
    if mount.product != "nginx" or posixpath.basename(mount.point) == "nginx.conf":
        return mount.path
    name = posixpath.basename(mount.source).removesuffix(".conf").removesuffix(".template")
    return posixpath.join(posixpath.dirname(mount.path), "conf.d", f"{name}.conf")
