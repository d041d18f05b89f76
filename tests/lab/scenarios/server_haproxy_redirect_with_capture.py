"""Scenarios of server.haproxy-redirect-with-capture."""

from .. import haproxy, site
from ..haproxy import SITE
from ..lab import Lab
from .haproxy import haproxy_scenario, healthy_haproxy

OLD = f"https://{site.NAME}/old/item"
DEFAULT = "    default_backend app\n"
#: The site has one page below /new/.
PAGE = "    http-request return status 404 if { path_beg /new/ } !{ path /new/item }\n"


def _serve(lab: Lab, rule: str) -> None:
    haproxy.serve(lab, SITE.replace(DEFAULT, f"{rule}{PAGE}{DEFAULT}"))


@haproxy_scenario(
    outside="http.redirect-to-error",
    server="server.haproxy-redirect-with-capture",
    target=OLD,
    differs=(haproxy.CONFIG,),
)
def haproxy_redirects_with_a_capture(lab: Lab) -> None:
    """https://github.com/haproxy/haproxy/issues/2616: `path_reg` keeps nothing for `location`."""
    acl = "    acl old path_reg ^/old/([^/]+)\n"
    _serve(lab, f"{acl}    http-request redirect code 301 location /new/\\1 if old\n")


@haproxy_scenario(
    outside="http.redirect-to-error",
    server="server.haproxy-redirect-with-capture",
    target=OLD,
    manual="a person writes the new path",
)
def haproxy_redirects_with_a_second_capture(lab: Lab) -> None:
    """As `redirect` with an expression of two groups."""
    _serve(lab, "    redirect location /new/\\2 code 302 if { path_reg ^/(old|older)/(.+) }\n")


@healthy_haproxy(target=OLD)
def haproxy_redirects_with_regsub(lab: Lab) -> None:
    rule = "http-request redirect code 301 location %[path,regsub(^/old/,/new/)]"
    _serve(lab, f"    {rule} if {{ path_beg /old/ }}\n")
