"""HAProxy passes TLS on by its name, in mode tcp, to a frontend of its own that ends it."""

from .. import haproxy
from ..haproxy import PEM
from ..lab import Lab
from .haproxy import PASSTHROUGH, haproxy_scenario, healthy_haproxy

INNER = f"""
frontend inner
    mode http
    bind 127.0.0.1:8443 ssl crt {PEM} accept-proxy
    http-request set-header X-Forwarded-Proto https
    option forwardfor
    default_backend app

backend app
    mode http
    server app1 127.0.0.1:3000
"""


def _serve(lab: Lab, port: int = 3000) -> None:
    outer = PASSTHROUGH.replace("127.0.0.1:8443", "127.0.0.1:8443 send-proxy")
    haproxy.serve(lab, outer + INNER.replace(":3000", f":{port}"))


@haproxy_scenario(
    outside="http.server-error",
    server="server.application-down",
    manual="start the application",
)
def haproxy_has_nobody_behind_its_inner_frontend(lab: Lab) -> None:
    _serve(lab, 3009)


@healthy_haproxy(args=("--ws", "/ws"))
def haproxy_ends_tls_in_an_inner_frontend(lab: Lab) -> None:
    _serve(lab)


def _serve_by(lab: Lab, address: str, words: str = "", port: int = 3000) -> None:
    """TLS ends in a frontend, and another one behind a socket has the rules."""
    inner = (
        f"backend inner\n    server in {address} send-proxy\n\n"
        f"frontend in\n    bind {address} accept-proxy{words}\n    default_backend app\n\n"
    )
    text = haproxy.SITE.replace("default_backend app", "default_backend inner")
    text = text.replace("backend app\n", f"{inner}backend app\n")
    haproxy.serve(lab, text.replace(":3000", f":{port}"))


@haproxy_scenario(
    outside="http.server-error",
    server="server.application-down",
    manual="start the application",
)
def haproxy_has_nobody_behind_its_abstract_socket(lab: Lab) -> None:
    """https://docs.haproxy.org/3.0/configuration.html#4.2-bind: the frontend
    that ends TLS passes on to one of the same process."""
    _serve_by(lab, "abns@inner", port=3009)


@haproxy_scenario(
    outside="http.server-error", server="server.backend-not-reached", differs=(haproxy.CONFIG,)
)
def haproxy_may_not_open_its_own_socket(lab: Lab) -> None:
    """https://docs.haproxy.org/3.0/configuration.html#5.1-user: root makes the socket, and the
    processes that serve visitors are of another user."""
    _serve_by(lab, "unix@/run/haproxy/in.sock")


@healthy_haproxy(args=("--ws", "/ws"))
def haproxy_passes_on_by_an_abstract_socket(lab: Lab) -> None:
    _serve_by(lab, "abns@inner")


@healthy_haproxy(args=("--ws", "/ws"))
def haproxy_passes_on_by_a_socket_of_its_own(lab: Lab) -> None:
    _serve_by(lab, "unix@/run/haproxy/in.sock", " user haproxy mode 600")
