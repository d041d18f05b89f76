"""HAProxy and Caddy refuse a program for its User-Agent, and browsers get the page."""

from .. import caddy, haproxy
from ..haproxy import SITE
from ..lab import Lab
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy

TOLD = ("Googlebot gets 403 from https://shop.example.com/",)
BOTS = "http-request deny if { req.hdr(user-agent) -m sub -i bot crawl }"


def _on_haproxy(lab: Lab, rule: str) -> None:
    haproxy.serve(lab, SITE.replace("    default_backend", f"    {rule}\n    default_backend"))


def _on_caddy(lab: Lab, matcher: str) -> None:
    lines = f"\t{matcher}\n\trespond @bots 403\n\treverse_proxy"
    caddy.serve(lab, caddy.SHOP.replace("\treverse_proxy", lines))


@haproxy_scenario(
    outside="http.request-part-refused",
    server="server.agent-refused",
    args=TOLD,
    differs=(haproxy.CONFIG,),
)
def haproxy_refuses_a_crawler(lab: Lab) -> None:
    """https://github.com/haproxy/haproxy/issues/2030: rules about the User-Agent refuse with 404
    and 403."""
    _on_haproxy(lab, BOTS)


@healthy_haproxy(args=TOLD)
def haproxy_spares_the_crawler(lab: Lab) -> None:
    _on_haproxy(lab, f"{BOTS} !{{ req.hdr(user-agent) -m sub -i Googlebot }}")


@caddy_scenario(
    outside="http.request-part-refused",
    server="server.agent-refused",
    args=TOLD,
    differs=(caddy.CONFIG,),
)
def caddy_refuses_a_crawler(lab: Lab) -> None:
    """Caddyfile, "Request Matchers": header_regexp of User-Agent."""
    _on_caddy(lab, "@bots header_regexp User-Agent (?i)(bot|crawl)")


@healthy_caddy(args=TOLD)
def caddy_refuses_another_program(lab: Lab) -> None:
    _on_caddy(lab, "@bots header_regexp User-Agent (?i)(scrapy|masscan)")
