"""Scenarios of server.haproxy-url-over-http2."""

from .. import haproxy, site
from ..haproxy import SITE
from ..lab import Lab
from .haproxy import haproxy_scenario, healthy_haproxy

API = f"https://{site.NAME}/api/items"
DEFAULT = "    default_backend app\n"
PAGES = """
backend pages
    http-request return status 404 if { path_beg /api }
    server app1 127.0.0.1:3000
"""


def _serve(lab: Lab, rules: str) -> None:
    """The application without its data takes what these rules do not."""
    text = SITE.replace(DEFAULT, f"{rules}    default_backend pages\n")
    haproxy.serve(lab, text + PAGES)


@haproxy_scenario(
    outside=None,
    server="server.haproxy-url-over-http2",
    target=API,
    differs=(haproxy.CONFIG,),
)
def haproxy_compares_the_url_with_a_path(lab: Lab) -> None:
    """https://github.com/haproxy/haproxy/issues/2191: `url_beg`, and browsers use HTTP/2."""
    _serve(lab, "    acl api url_beg /api\n    use_backend app if api\n")


@haproxy_scenario(
    outside=None,
    server="server.haproxy-url-over-http2",
    target=API,
    differs=(haproxy.CONFIG,),
)
def haproxy_compares_the_url_with_an_expression(lab: Lab) -> None:
    """As `url_reg` within braces, for the name."""
    _serve(lab, f"    use_backend app if {{ hdr(host) {site.NAME} }} {{ url_reg ^/api/ }}\n")


@healthy_haproxy(target=API)
def haproxy_compares_the_path_over_http2(lab: Lab) -> None:
    _serve(lab, "    acl api path_beg /api\n    use_backend app if api\n")
