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
