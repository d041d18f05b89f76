"""Looks for a newer file of the target's site that Apache does not read: sites-enabled/shop.conf is
a copy of sites-available/shop.conf, and only the latter was edited (a2ensite(8) makes a link).

The probes `other_nginx` ask for it.
"""

import posixpath
import shlex

from diagnose.model import Vantage
from diagnose.model.unread_configs import UnreadRoute
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.nginx.site_files import is_backup_name
from diagnose.parsers.nginx.unread_copies import is_aside, is_template
from diagnose.parsers.path_answers import has_all_places, path_answer
from diagnose.parsers.web_sites import answering_sites, has_name
from diagnose.probes import ProbeContext

#: Maximum number of files that are compared.
MAX_FILES = 8


async def observe_unread_routes(ctx: ProbeContext, config: WebServerConfig) -> None:
    """Emit the newest file that Apache does not read and that does something else with the
    target's path, if it is newer than the one which is read."""
    target, path, at = ctx.target, ctx.target.path_without_query, ctx.elapsed()
    sites = answering_sites(config, target.port, target.host)
    own = config.file(sites[0].file) if len(sites) == 1 else None
    if config.product != "apache" or own is None or own.changed is None or _in_container(ctx):
        return
    used = sites[0]
    newest: tuple[float, UnreadRoute] | None = None
    for idle in config.idle[:MAX_FILES]:
        answer = path_answer(idle, path) if idle.listens_on(target.port) else None
        now = path_answer(used, path)
        if answer is None or not has_name(idle, target.host) or not has_name(used, target.host):
            continue
        if idle.file in {own.path, own.real} or (now and now.text == answer.text):
            continue
        if is_backup_name(idle.file) or is_template(idle.file) or is_aside(idle.file, own.path):
            continue
        content = await ctx.machine.read(idle.file, 1)
        changed = content.changed or 0.0
        if content.failure or changed <= max(own.changed, newest[0] if newest else 0.0):
            continue
        all_used = [site for site in config.sites if site.file == used.file]
        all_idle = [site for site in config.idle if site.file == idle.file]
        is_beside = posixpath.dirname(idle.file) == posixpath.dirname(own.path)
        route = UnreadRoute(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=shlex.join(["diff", own.path, idle.file]),
            file=idle.file,
            line=answer.line,
            request=path,
            answer=answer.text,
            used=own.path,
            used_line=used.line,
            link=bool(own.real) and own.real != own.path,
            replaces=not is_beside and has_all_places(all_used, all_idle),
        )
        newest = changed, route
    if newest is not None:
        ctx.emit(newest[1])


def _in_container(ctx: ProbeContext) -> bool:
    return any(server.container for server in ctx.observed(WebServer))
