"""A certificate is late, its renewal tool answers HTTP-01 challenges with a server of its own at a
port behind the web server (acme.sh's `--httpport`, certbot's `--http-01-port`, lego's
`--http.port`), and the web server does not pass challenges on to it. The authority asks at port 80
(RFC 8555 section 8.3), where the web server answers.

It is certain where the tool's log says that the authority got another answer.
"""

import shlex
from collections.abc import Iterator

from checks.certificate._own_servers import kept_pair, own_server_of, renewing_command
from checks.certificate._renewal_reasons import is_after, renewal_reason
from checks.nginx import Nginx
from checks.nginx._challenge_answers import challenge_answer
from checks.nginx._challenge_locations import passing_location, server_of_port
from checks.nginx._commands import reload_command, reload_steps
from checks.server import ServerView
from checks.server import reload_steps as server_reload_steps
from checks.server._challenge_ports import passing_edit
from checks.server._port_views import view_of_port
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    server_commands,
)
from diagnose.model.containers import NginxContainer
from diagnose.model.nginx import CertificateFile
from diagnose.model.renewal import CHALLENGES, OwnServerRenewal, RenewalFailure
from diagnose.model.server import Listeners
from diagnose.parsers.nginx.upstreams import proxy_target_of, route_variables
from diagnose.parsers.web_sites import answering_sites, route_of

_CHALLENGE = f"{CHALLENGES}x"


@check(
    severity=Severity.WARNING,
    needs=[OwnServerRenewal, CertificateFile, Listeners],
    explains=["certificate.expired", "certificate.expires-soon", "certificate.renewal-failed"],
)
def own_server_unreached(evidence: Evidence) -> Iterator[Claim]:
    files = [file for file in evidence.good(CertificateFile) if file.chain]
    own = own_server_of(evidence, files)
    if own is None or own.port == 80 or own.stopped_by or not files:
        return
    nginx, view = Nginx.of(evidence), view_of_port(evidence, 80)
    if view is None and not _is_nginx_asked(evidence):
        return
    is_passed = _does_server_pass(view, own.port) if view else _does_nginx_pass(nginx, own.port)
    if is_passed is not False:
        return
    failures = [
        failure
        for failure in evidence.good(RenewalFailure)
        if failure.tool == own.tool and is_after(failure, files[0])
        if failure.status or renewal_reason(failure.message)["wrong_answer"]
    ]
    yield Claim(
        about=Subject(text=own.source),
        covers=(Subject(),),
        because=(own, *failures[:1], files[0]),
        confidence=Confidence.CERTAIN if failures else Confidence.LIKELY,
        severity=Severity.ERROR if files[0].chain[0].is_expired(evidence.started_at) else None,
        facts={
            "tool": own.tool,
            "name": own.name,
            "source": own.source,
            "port": own.port,
            "server": view.server.title if view else "nginx",
            "nginx": view is None,
            "logged": bool(failures),
        },
        fix=_server_fix(view, own) if view else _nginx_fix(nginx, own),
    )


def _is_nginx_asked(evidence: Evidence) -> bool:
    """Return whether nginx has port 80 of the server itself."""
    listeners = evidence.good(Listeners)
    holders = {socket.process for listener in listeners for socket in listener.on(80)}
    return "nginx" in holders and not evidence.of(NginxContainer)


def _does_nginx_pass(nginx: Nginx, port: int) -> bool | None:
    """Return whether nginx passes a challenge on to a port; None if its way is not known."""
    answer = challenge_answer(nginx, nginx.evidence.target.host)
    if answer is None:
        return None
    variables = route_variables(nginx.evidence.target, answer.match, _CHALLENGE)
    target = proxy_target_of(answer.match, variables)
    if target is None or target.has_variables:
        return None if target else False
    return any(endpoint.port == port for endpoint in target.endpoints)


def _does_server_pass(view: ServerView, port: int) -> bool | None:
    """Return whether another server passes a challenge on to a port, at once or where it redirects
    to; None if its configuration is not known."""
    if view.config is None:
        return None
    target = view.evidence.target
    sites = [
        site
        for asked in {80, 443, target.port}
        for site in answering_sites(view.config, asked, target.host)
    ]
    routes = [route_of(site, _CHALLENGE, websocket=False) for site in sites]
    return any(route is not None and route.port == port for route in routes) if sites else None


def _nginx_fix(nginx: Nginx, own: OwnServerRenewal) -> Fix:
    server = server_of_port(nginx, nginx.evidence.target.host, 80)
    location = passing_location(nginx, server, own.port) if server else None
    loading = reload_steps(nginx)
    renew = renewing_command(own, shlex.join(reload_command(nginx).argv))
    if location is None or renew is None:
        return Fix((Manual("pass-them-on", Where.SERVER),), Applicability.MANUAL)
    return Fix((location.edit, *loading, renew, *loading), Applicability.REVIEW)


def _server_fix(view: ServerView, own: OwnServerRenewal) -> Fix:
    edit = passing_edit(view, own.port)
    bundles = sorted({path for site in view.answering_sites for path in site.paths("bundle")})
    loading = server_reload_steps(view.server)
    hook = _lasting_reload(view)
    writing: tuple[Command, ...] = ()
    if view.server.product == "haproxy" and len(bundles) == 1:
        # HAProxy reads both from one file.
        pair = kept_pair(own)
        hook = f"cat {shlex.join(pair)} > {shlex.quote(bundles[0])}" + (
            f" && {hook}" if hook else ""
        )
        writing = (server_commands.write_bundle(bundles[0], *pair),) if own.tool != "lego" else ()
    renew = renewing_command(own, hook)
    if edit is None or renew is None:
        return Fix((Manual("pass-them-on", Where.SERVER),), Applicability.MANUAL)
    return Fix((edit, *loading, renew, *writing, *loading), Applicability.REVIEW)


def _lasting_reload(view: ServerView) -> str:
    """Return the command that loads a new certificate at each later renewal: a process has another
    number then. HAProxy's master is the oldest of its processes."""
    reload = view.server.reload
    if reload[:1] != ("kill",):
        return shlex.join(reload)
    return "pkill -USR2 -o -x haproxy" if view.server.product == "haproxy" else ""
