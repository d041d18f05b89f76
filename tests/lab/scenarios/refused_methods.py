"""HAProxy and Caddy refuse a method that a message names, and the page comes."""

from .. import caddy, haproxy
from ..haproxy import SITE
from ..lab import Lab
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy

TOLD = ("DELETE https://shop.example.com/ 403 (Forbidden)",)


def _on_haproxy(lab: Lab, rule: str) -> None:
    haproxy.serve(lab, SITE.replace("    default_backend", f"    {rule}\n    default_backend"))


def _on_caddy(lab: Lab, matcher: str) -> None:
    lines = f"\t{matcher}\n\trespond @other 403\n\treverse_proxy"
    caddy.serve(lab, caddy.SHOP.replace("\treverse_proxy", lines))


@haproxy_scenario(
    outside=None, server="server.method-refused", args=TOLD, differs=(haproxy.CONFIG,)
)
def haproxy_refuses_a_method(lab: Lab) -> None:
    """HAProxy's Configuration Manual, section 7.4: METH_GET takes GET and HEAD."""
    _on_haproxy(lab, "http-request deny unless METH_GET or METH_POST or METH_OPTIONS")


@healthy_haproxy(args=TOLD)
def haproxy_refuses_another_method(lab: Lab) -> None:
    _on_haproxy(lab, "http-request deny if METH_TRACE")


@caddy_scenario(outside=None, server="server.method-refused", args=TOLD, differs=(caddy.CONFIG,))
def caddy_refuses_a_method(lab: Lab) -> None:
    """https://caddyserver.com/docs/caddyfile/matchers#method"""
    _on_caddy(lab, "@other not method GET HEAD POST OPTIONS")


@healthy_caddy(args=TOLD)
def caddy_refuses_another_method(lab: Lab) -> None:
    _on_caddy(lab, "@other method TRACE")
