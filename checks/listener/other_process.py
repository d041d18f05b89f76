"""Another program has the port for which nginx is configured, and visitors do not get from it what
they come for. Linux lets no two programs bind one port of one address (bind(2), EADDRINUSE), so
nginx cannot start, or not take up that part of its configuration; `nginx -t` does not say so."""

from collections.abc import Iterator

from checks.listener import is_loopback, sockets
from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.nginx import Directive, NginxConfig, NginxState
from diagnose.model.server import Listener, Listeners
from diagnose.model.tls import Handshake
from diagnose.parsers.nginx.server_blocks import reachable

#: What nginx and its kin are called, as the kernel cuts names to 15 letters (proc_pid_comm(5)).
NGINX = ("nginx", "openresty", "tengine", "angie")

#: What holds a port for somebody else by design (systemd.socket(5)).
KEEPERS = ("systemd", "init")

#: Programs that may well be meant to serve the site in nginx's place.
SERVERS = (
    *("apache2", "httpd", "caddy", "haproxy", "envoy", "traefik", "lighttpd", "h2o", "lshttpd"),
    *("docker-proxy", "rootlessport", "varnishd", "hitch", "sslh", "stunnel", "stunnel4", "xray"),
)


@check(
    severity=Severity.ERROR,
    needs=[Listeners, NginxState, NginxConfig],
    explains=["tls.*", "certificate.*", "http.port-closed", "nginx.reload-needed"],
)
def other_process(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    if nginx.state is None or not nginx.state.installed:
        return
    holder = _holder(evidence, target.port)
    wanted = reachable(nginx.listening(target.port), ())
    if holder is None or not wanted:
        return
    tried = [one for one in evidence.of(Handshake) if _visits(one, target.port)]
    if any(one.failure is None for one in tried):
        return
    # Port 80 is lost as well where nginx could not start for it.
    also_80 = not nginx.master and bool(nginx.listening(80)) and not sockets(evidence, 80)
    place = _place(nginx, target.port)
    yield Claim(
        about=Subject(port=target.port),
        covers=tuple(
            Subject(port=one) for one in ((target.port, 80) if also_80 else (target.port,))
        ),
        because=(*evidence.good(Listeners), nginx.state, *evidence.good(NginxConfig), *tried),
        # Without a visit this is also what a server looks like that has left nginx.
        severity=None if tried else Severity.NOTE,
        confidence=_confidence(nginx, holder, bool(tried)),
        facts={
            "port": target.port,
            "process": holder.process,
            "pid": holder.pid or "",
            "socket": str(Subject(address=holder.address, port=target.port)),
            "file": nginx.config.path if nginx.config else "",
            "running": bool(nginx.master),
            "how": tuple(dict.fromkeys(one.failure.message for one in tried if one.failure)),
            "name": target.host,
            "container": holder.process in {"docker-proxy", "rootlessport"},
        },
        ruled_out=("listener.missing", "nginx.not-running"),
        fix=Fix((Manual("free", Where.SERVER), *nginx.taken()), Applicability.MANUAL),
        location=nginx.location(place) if place else None,
    )


def _holder(evidence: Evidence, port: int) -> Listener | None:
    """The program that has the port for others than this machine, if it is known and none of
    those that hold it is nginx."""
    outer = [one for one in sockets(evidence, port) if not is_loopback(one.address)]
    if any(not one.process or one.process.startswith((*NGINX, *KEEPERS)) for one in outer):
        return None
    return next(iter(outer), None)


def _place(nginx: Nginx, port: int) -> Directive | None:
    """The first `listen` of the port."""
    found = (one for server in nginx.servers for one in server.listens if one.port == port)
    return next((one.directive for one in found if one.directive), None)


def _visits(one: Handshake, port: int) -> bool:
    return one.port == port and one.as_a_visitor


def _confidence(nginx: Nginx, holder: Listener, tried: bool) -> Confidence:
    if not tried:
        return Confidence.POSSIBLE
    if holder.process in SERVERS and not nginx.master:
        return Confidence.POSSIBLE
    return Confidence.LIKELY
