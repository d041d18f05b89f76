"""A CDN asks this server over http, and another server than nginx redirects to https. The router
plays the CDN, with the fields of Cloudflare; the real one was not asked."""

from .. import caddy, haproxy
from ..lab import SERVER, Lab
from ..scenario import scenario
from .addresses import EDGE, OTHER, WEBSOCKETS, other_machine
from .caddy import caddy_scenario
from .haproxy import ELSEWHERE

SIGN = "add_header CF-RAY 8a1b2c3d4e5f6a7b-FRA always;"


def _behind(lab: Lab) -> None:
    passed = f"proxy_pass http://{SERVER}; proxy_set_header Host $host;"
    other_machine(lab, f"{SIGN} {passed} proxy_set_header X-Forwarded-Proto https;")
    lab.dns([OTHER])


@caddy_scenario(outside="http.flexible-tls", manual=EDGE)
def cdn_asks_caddy_over_http(lab: Lab) -> None:
    """Caddy redirects to https by itself: after many threads of its forum, "too many redirects
    with Cloudflare", where SSL was set to Flexible."""
    caddy.serve(lab)
    _behind(lab)


@scenario(outside="http.flexible-tls", manual=EDGE, needs=haproxy.needs_haproxy, not_on=ELSEWHERE)
def cdn_asks_haproxy_that_only_redirects(lab: Lab) -> None:
    """Nothing serves https here: that nobody has port 443 is part of the same fault."""
    haproxy.serve(lab, f"{haproxy.GLOBAL}\n{haproxy.HTTP}", 80)
    _behind(lab)


ASKS_OVER_HTTP = f"""
    proxy_pass http://{SERVER};
    proxy_http_version 1.1;
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-Proto https;{WEBSOCKETS}"""


def _caddy_behind(lab: Lab, option: str) -> None:
    lab.application("--mode", "redirect-to-https")
    caddy.install(lab, f":80 {{\n\treverse_proxy 127.0.0.1:3000{option}\n}}\n")
    caddy.start(lab, 80)
    other_machine(lab, ASKS_OVER_HTTP)
    lab.dns([OTHER])


@caddy_scenario(
    outside="http.redirect-loop",
    server="upstream.scheme-replaced",
    manual="a run on the server does not know it as the site's once the site is healthy",
)
def caddy_does_not_trust_the_machine_in_front(lab: Lab) -> None:
    """https://github.com/dawarich-app/atlas/issues/20: that machine ends TLS, and says so."""
    _caddy_behind(lab, "")
