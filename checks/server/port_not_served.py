"""A web server runs and does not listen on the target's port.

Either its configuration on disk has the port and was not loaded, or it has not: a module is not
loaded (Apache's `Listen 443` stands in <IfModule ssl_module>), the site is available and not
enabled, or there is no line for the port. Or the site is in a file beside, which no `import` of
Caddy's and no `-f` of HAProxy's names.

Where visitors get an answer, what stands in front of the server has the port, and asks it at
another. An error of its own (502, 521) may mean that it asks at this port.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.listener import target_connections
from checks.listener._other_addresses import only_other_address
from checks.nginx import Nginx
from checks.nginx._waiting import has_the_site
from checks.server import (
    ServerView,
    enabling_command,
    idle_site,
    manual_fix,
    place_text,
    reload_steps,
    server_view,
)
from checks.server._apache_modules import is_debians
from checks.server._unread_sites import reading_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
    server_commands,
)
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import NginxState
from diagnose.model.server import Listeners
from diagnose.model.web_servers import SiteSocket, WebServer, WebServerConfig, WebSite
from diagnose.parsers.web_sites import has_name

if TYPE_CHECKING:
    from checks.server._caddy_options import PortOption
    from checks.server._plain_addresses import PlainAddress

#: Ports that belong to a web server. Another port without a word about it may be any program's.
_USUAL_PORTS = {80, 443}


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Listeners],
    explains=["listener.missing", "tcp.refused", "nginx.not-running", "http.port-closed"],
)
def port_not_served(evidence: Evidence) -> Iterator[Claim]:
    view, port = server_view(evidence), evidence.target.port
    if view is None or view.config is None or view.server.pid is None or not view.server.ports:
        return
    server, config = view.server, view.config
    listeners = evidence.good(Listeners)
    if not listeners or _is_served(evidence, server):
        return
    socket = next((socket for socket in config.listens if socket.port == port), None)
    idle = idle_site(view)
    site = next((site for site in config.sites if site.listens_on(port)), None)
    no_module = "ssl" not in config.modules and server.product == "apache"
    if socket is None and not config.complete:
        return
    unread = next(iter(config.unread), None) if not (socket or site) else None
    is_meant = bool(socket or site or idle or unread)
    if not is_meant and port not in _USUAL_PORTS:
        return
    is_asked = evidence.target.is_bare_name and not is_meant
    served_at = only_other_address(evidence) if is_asked else None
    # A frontend of HAProxy in a file beside may be another program's part.
    is_named = bool(socket or site or idle or (unread and unread.names))
    has_site = is_named or any(has_name(site, evidence.target.host) for site in config.sites)
    if not has_site and has_the_site(Nginx.of(evidence)):
        return
    secure = _other_tls_socket(config, server, port)
    option = _option(view, port) if not (socket or site or unread) else None
    moved = None if unread or option else _moved(view, secure)
    built = None if site or idle or unread or option or moved else _built_site(view)
    plain = None if socket or idle or unread or option or moved or built else _plain(view)
    yield Claim(
        about=Subject(port=port),
        because=(server, config, *listeners),
        facts={
            **view.facts,
            "config": server.config,
            **_site_facts(socket, site, idle, unread),
            **_port_facts(secure, option),
            **{name: server.product == name for name in ("apache", "caddy", "haproxy")},
            "module": socket is None and no_module,
            "plain": port == 80,
            "ports": tuple(sorted(server.ports)),
            "stored": built[0] if built else "",
            "there": served_at.url if served_at else "",
            "plain_address": plain.place if plain else "",
        },
        # Another program may be meant to answer for a name that this server does not have.
        # Or plain http is meant, and the address lacks it.
        confidence=Confidence.CERTAIN if has_site and served_at is None else Confidence.LIKELY,
        served_at=served_at,
        ruled_out=("server.not-running",),
        fix=reading_fix(view, unread)
        if unread
        else moved
        or _edit_fix(view, option or plain)
        or (built[1] if built else _fix(view, socket is not None, idle, site, no_module)),
    )


def _is_served(evidence: Evidence, server: WebServer) -> bool:
    """Return whether something has the target's port: a program, nginx, or a server in front."""
    port = evidence.target.port
    return (
        any(state.masters for state in evidence.good(NginxState))
        or port in server.ports
        or any(listing.on(port) for listing in evidence.good(Listeners))
        or _is_served_in_front(evidence)
    )


def _place(line: SiteSocket | WebSite | None) -> str:
    return place_text(line.file, line.line) if line else ""


def _site_facts(
    socket: SiteSocket | None, site: WebSite | None, idle: WebSite | None, unread: WebSite | None
) -> dict[str, object]:
    """Return the lines that name the port, and the files with the site that are not read."""
    is_available = not (socket or site) and idle is not None and "/sites-available/" in idle.file
    return {
        "listen": _place(socket),
        "site": _place(site),
        "idle": idle.file if idle and is_available else "",
        "unread": _place(unread),
        "unread_file": unread.file if unread else "",
    }


def _port_facts(secure: SiteSocket | None, option: "PortOption | None") -> dict[str, object]:
    """Return the line with another port, and the option that leaves the port out."""
    return {
        "tls_port": secure.port if secure else "",
        "tls_place": _place(secure),
        "option": option.text if option else "",
        "option_place": place_text(option.file, option.line) if option else "",
    }


def _edit_fix(view: ServerView, line: "PortOption | PlainAddress | None") -> Fix | None:
    edit = line.edit if line else None
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def _built_site(view: ServerView) -> tuple[str, Fix] | None:
    # Imported late: few ports are not served.
    from checks.server._tls_blocks import built_site

    return built_site(view)


def _moved(view: ServerView, secure: SiteSocket | None) -> Fix | None:
    """Write the port of the only socket with TLS, where one digit of it is wrong, or a further one
    of HAProxy's with the usual port. Of Apache's port two lines speak."""
    from checks.server._port_edits import further_bind_edit, is_slip, port_edit

    port = view.evidence.target.port
    if secure is None or view.server.product == "apache":
        return None
    write = port_edit if is_slip(secure.port, port) else further_bind_edit
    edit = write(view, secure.file, secure.line, secure.port, port)
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def _plain(view: ServerView) -> "PlainAddress | None":
    # Imported late: few ports are not served.
    from checks.server._plain_addresses import plain_address

    return plain_address(view)


def _option(view: ServerView, port: int) -> "PortOption | None":
    if view.server.product != "caddy":
        return None
    from checks.server._caddy_options import port_option

    return port_option(view, port)


def _other_tls_socket(config: WebServerConfig, server: WebServer, port: int) -> SiteSocket | None:
    """Return the only socket with TLS, where it is on another port than the target's: perhaps its
    number is a mistake. None if there is none or more, or if the target has no TLS there."""
    sockets = {
        socket.port: socket
        for socket in config.listens
        if socket.tls and socket.port in server.ports and socket.line
    }
    return next(iter(sockets.values())) if port == 443 and len(sockets) == 1 else None


def _is_served_in_front(evidence: Evidence) -> bool:
    """Return whether visitors get an answer at every address, though nothing listens here."""
    pages = page_exchanges(evidence)
    answers = [page for page in pages if page.status is not None and page.status < 500]
    refused = [
        target_connection
        for target_connection in target_connections(evidence)
        if target_connection.failure is not None
    ]
    return bool(answers) and len(answers) == len(pages) and not refused


def _fix(
    view: ServerView, listens: bool, idle: WebSite | None, site: WebSite | None, no_module: bool
) -> Fix:
    server = view.server
    if listens:
        valid = view.test is None or view.test.passed
        applicability = Applicability.AUTOMATIC if valid else Applicability.REVIEW
        return Fix(reload_steps(server), applicability)
    from checks.server._listen_lines import listen_edit

    if edit := listen_edit(view, site):
        return Fix((edit, *reload_steps(server)), Applicability.REVIEW)
    if not is_debians(view) or view.evidence.target.port != 443 or not (idle or site):
        return manual_fix(view, "listen")
    steps: list[Command] = []
    if no_module:
        steps.append(server_commands.enable_apache_modules(("ssl",)))
    if site is None and idle is not None and (enable := enabling_command(idle)):
        steps.append(enable)
    if not steps:
        return manual_fix(view, "listen")
    steps += reload_steps(server)
    return Fix(tuple(steps), Applicability.AUTOMATIC)
