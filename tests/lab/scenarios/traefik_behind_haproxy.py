"""HAProxy ends TLS and passes requests on to Traefik in plain HTTP, on the same machine."""

from .. import haproxy, traefik
from ..haproxy import BACKEND, GLOBAL, HTTP, HTTPS
from ..lab import Lab
from ..scenario import scenario
from ..traefik import ENTRY_POINTS, STATIC
from .traefik import ELSEWHERE, healthy_traefik

PORT = 8080
SHOP = """\
http:
  routers:
    shop:
      rule: Host(`shop.example.com`)
      entryPoints: [inner]
      service: shop
  services:
    shop:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:3000
"""
TRUSTS = """\
    forwardedHeaders:
      trustedIPs:
        - 127.0.0.1/32
"""


def _serve(lab: Lab, trusts: str = "") -> None:
    lab.application("--mode", "redirect-to-https")
    inner = f"entryPoints:\n  inner:\n    address: 127.0.0.1:{PORT}\n{trusts}"
    head, _, tail = ENTRY_POINTS.partition("entryPoints:")
    static = f"{head}{inner}{tail[tail.index('providers:') :]}"
    traefik.install(lab, SHOP, static, "haproxy")
    lab.server.sh("mkdir -p /run/haproxy")
    lab.server.write(haproxy.PEM, haproxy.bundle(), 0o600)
    backend = BACKEND.replace("127.0.0.1:3000", f"127.0.0.1:{PORT}")
    lab.server.write(haproxy.CONFIG, f"{GLOBAL}\n{HTTP}\n{HTTPS}\n{backend}")
    traefik.start(lab, PORT)
    haproxy.start(lab)


@scenario(
    outside="http.redirect-loop",
    server="upstream.scheme-replaced",
    manual="no unit has Traefik, and a person starts it again",
    differs=(STATIC,),
    needs=traefik.needs_traefik,
    not_on=ELSEWHERE,
)
def traefik_does_not_trust_haproxy(lab: Lab) -> None:
    """https://github.com/traefik/traefik/issues/3886: X-Forwarded-Proto of a load balancer is
    overwritten."""
    _serve(lab)


@healthy_traefik()
def traefik_trusts_haproxy(lab: Lab) -> None:
    _serve(lab, TRUSTS)
