"""The limit of a web server that ends a silent event stream, and its edit."""

from checks.nginx import Nginx, file_line
from checks.nginx._location_edits import setting_fix
from checks.server import ServerView, place_text, reload_steps, server_on_port
from checks.server._haproxy import haproxy_view, longer_server_timeout, place
from checks.server._longer_timeouts import longer_timeout_edit
from checks.server._page_timeouts import page_timeouts
from diagnose.model import Applicability, Evidence, Fix, Observation
from diagnose.model.frozen import frozen
from diagnose.parsers.nginx.config import seconds
from diagnose.parsers.nginx.locations import proxy_pass_of
from diagnose.parsers.web_sites import route_of

#: Seconds from which on a limit is usual for pages and streams, and the one of a stream's own.
_USUAL, _LONG = 60.0, 3600


@frozen
class StreamLimit:
    """A limit of `seconds`, the words that set it, and their place; `tunnel` is HAProxy's "timeout
    tunnel", "" without one."""

    server: str
    seconds: float
    setting: str
    place: str
    because: tuple[Observation, ...]
    fix: Fix | None
    tunnel: str = ""


def stream_limit(evidence: Evidence) -> StreamLimit | None:
    """Return the shortest limit that a line sets for the target's stream, if it is shorter than
    usual."""
    return _of_haproxy(evidence) or _of_apache(evidence) or _of_nginx(evidence)


def _of_haproxy(evidence: Evidence) -> StreamLimit | None:
    """Return "timeout server" of the stream's backend. "timeout client" does not end a stream: the
    visitor has nothing to send."""
    haproxy = haproxy_view(evidence)
    backend = haproxy.proxies.backend if haproxy else None
    limit = backend.timeout("server") if backend else None
    if haproxy is None or backend is None or limit is None or not 0 < limit[0] < _USUAL:
        return None
    view, tunnel = haproxy.view, backend.timeout("tunnel")
    edit = longer_server_timeout(view, backend, _LONG / 2)
    # The other pages of the backend wait so long too, where the application hangs.
    fix = Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None
    return StreamLimit(
        "HAProxy", round(limit[0], 1), " ".join(limit[1].words[:3]), place(limit[1]),
        _config_and_server(view),
        fix, " ".join(tunnel[1].words[:3]) if tunnel else "",
    )  # fmt: skip


def _of_apache(evidence: Evidence) -> StreamLimit | None:
    view = server_on_port(evidence)
    if view is None or view.server.product != "apache":
        return None
    site = next(iter(view.answering_sites), None)
    route = route_of(site, evidence.target.path_without_query) if site else None
    if site is None or route is None:
        return None
    # The route's own limit counts before all others.
    timeout = next(page_timeouts(view, route), None)
    if timeout is None or not 0 < timeout.seconds < _USUAL:
        return None
    edit = longer_timeout_edit(view, site, timeout, _LONG)
    where = timeout.place or place_text(route.file, route.line)
    fix = Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None
    return StreamLimit(
        "Apache", timeout.seconds, timeout.text, where, _config_and_server(view), fix
    )


def _of_nginx(evidence: Evidence) -> StreamLimit | None:
    nginx = Nginx.of(evidence)
    for match in nginx.location_matches(evidence.target.path) if nginx.config else ():
        directive = match.directive("proxy_read_timeout")
        limit = seconds(directive.args[0]) if directive and directive.args else None
        if not proxy_pass_of(match) or directive is None or limit is None:
            continue
        if 0 < limit < _USUAL:
            fix = setting_fix(nginx, match, {"proxy_read_timeout": f"{_LONG}s"}, "longer-limit")
            because = (nginx.config,) if nginx.config else ()
            setting = directive.text
            return StreamLimit("nginx", limit, setting, file_line(directive), because, fix)
    return None


def _config_and_server(view: ServerView) -> tuple[Observation, ...]:
    return (*((view.config,) if view.config else ()), view.server)
