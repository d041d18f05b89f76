"""Reads from the access log what a machine in front sends: the header of the PROXY protocol, to a
web server that takes it for a request, and health checks that are refused. Only after a visit at an
address of another machine failed, or a balancer answered that it has no healthy server.
"""

import posixpath
import shlex
from collections.abc import Iterator

from diagnose.model import Vantage
from diagnose.model.cloud import RefusedHealthCheck
from diagnose.model.nginx import NginxConfig
from diagnose.model.server import Interface, interface_addresses
from diagnose.model.tcp import ProxyHeaderRequest
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.health_check_lines import refused_checks
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.proxy_header_lines import HeaderLine, header_lines
from diagnose.parsers.sanitize import UNSAFE
from diagnose.parsers.web_sites import answering_sites
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.log_texts import LoggedSite, read_logs

#: Most checks of one log.
MAX_CHECKS = 4
#: Where nginx and Apache log requests for no site of their own (packages of Debian and Red Hat).
_USUAL = {
    "nginx": ("/var/log/nginx/access.log",),
    "apache": ("/var/log/apache2/other_vhosts_access.log", "/var/log/httpd/access_log"),
}


@probe(after=Handshake, needs=Interface)
async def after_the_handshake(ctx: ProbeContext, handshake: Handshake, _: Interface) -> None:
    if handshake.failure and handshake.vantage is Vantage.HERE and handshake.is_browser_like:
        await read_headers(ctx, handshake.address)


@probe(after=NginxConfig, needs=Handshake)
async def after_nginx(ctx: ProbeContext, _: NginxConfig, handshake: Handshake) -> None:
    await _read_late(ctx)


@probe(after=WebServerConfig, needs=Handshake)
async def after_the_configuration(
    ctx: ProbeContext, _: WebServerConfig, handshake: Handshake
) -> None:
    await _read_late(ctx)


async def _read_late(ctx: ProbeContext) -> None:
    for handshake in ctx.observed(Handshake):
        if handshake.failure and handshake.vantage is Vantage.HERE and handshake.is_browser_like:
            await read_headers(ctx, handshake.address)


async def read_headers(ctx: ProbeContext, address: str) -> None:
    """Read the logs once, if the address is that of another machine and a configuration is
    known."""
    own = interface_addresses(ctx.observed(Interface))
    paths = tuple(dict.fromkeys(_paths(ctx)))
    if not own or address in own or not paths:
        return
    if not ctx.further_requests.begin("the headers of a machine in front"):
        return
    site = LoggedSite(server="", names=(), logs=dict.fromkeys(paths))
    texts = await read_logs(ctx, site)
    for path, text in texts.texts.items() if texts else ():
        assert texts is not None
        _emit(ctx, path, list(header_lines(text, texts.clock)), texts.at)


async def read_health_checks(ctx: ProbeContext) -> None:
    """Read the health checks that were refused, once."""
    paths = tuple(dict.fromkeys(_paths(ctx)))
    if not paths or not ctx.further_requests.begin("the health checks of a balancer"):
        return
    texts = await read_logs(ctx, LoggedSite(server="", names=(), logs=dict.fromkeys(paths)))
    for path, text in texts.texts.items() if texts else ():
        assert texts is not None
        for check in list(refused_checks(text, texts.clock))[:MAX_CHECKS]:
            ctx.emit(
                RefusedHealthCheck(
                    vantage=Vantage.SERVER,
                    at=texts.at,
                    equivalent=f"grep -F '{check.sender} ' {shlex.quote(path)}",
                    file=path,
                    sender=check.sender,
                    method=check.method,
                    path=check.path,
                    status=check.status,
                    every_s=check.every_s,
                    times=check.times,
                    written=check.written,
                    agent=check.agent,
                    port=check.port,
                )
            )


def _paths(ctx: ProbeContext) -> Iterator[str]:
    """Yield the logs of the target's site, and those for requests without a site."""
    for config in ctx.observed(NginxConfig):
        yield from _USUAL["nginx"]
        for line in walk(config.main):
            if line.name == "access_log" and line.args and _is_file(line.args[0]):
                yield posixpath.normpath(line.args[0])
    for other in ctx.observed(WebServerConfig):
        yield from _USUAL.get(other.product, ())
        for site in answering_sites(other, ctx.target.port, ctx.target.host):
            yield from (log.path for log in site.access_logs if _is_file(log.path))


def _is_file(path: str) -> bool:
    return path.startswith("/") and "$" not in path and not UNSAFE.search(path)


def _emit(ctx: ProbeContext, path: str, lines: list[HeaderLine], at: float) -> None:
    """Emit what each sender sent, the last of it. One line of unknown bytes is anybody's."""
    groups: dict[tuple[str, int, int], list[HeaderLine]] = {}
    for line in lines:
        groups.setdefault((line.sender, line.version, line.port), []).append(line)
    for (sender, _, port), group in groups.items():
        last = group[-1]
        ctx.emit(
            ProxyHeaderRequest(
                vantage=Vantage.SERVER,
                at=at,
                equivalent=f"grep -a '\" 400 ' {shlex.quote(path)}",
                file=path,
                sender=sender,
                version=last.version,
                visitor=last.visitor,
                port=port,
                written=last.written,
                times=len(group),
            )
        )
