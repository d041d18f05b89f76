"""Scenarios of server.haproxy-url-for-path."""

from .. import haproxy, site
from ..haproxy import SITE
from ..lab import Lab
from .haproxy import haproxy_scenario, healthy_haproxy

DEFAULT = "    default_backend app\n"
OLD = f"https://{site.NAME}/old"
SHORTER = f"https://{site.NAME}/a/?page=2"


def _serve(lab: Lab, rule: str) -> None:
    haproxy.serve(lab, SITE.replace(DEFAULT, f"    http-request {rule}\n{DEFAULT}"))


def _redirect(lab: Lab, value: str) -> None:
    """An old page is elsewhere."""
    moved = f"https://{site.NAME}%[{value},regsub(/old,/start)]"
    _serve(lab, f'redirect code 301 location "{moved}" if {{ path /old }}')


@haproxy_scenario(
    outside="http.redirect-doubled",
    server="server.haproxy-url-for-path",
    target=OLD,
    differs=(haproxy.CONFIG,),
)
def haproxy_redirects_to_the_url(lab: Lab) -> None:
    """https://github.com/haproxy/haproxy/issues/846: well over HTTP/1.1 alone."""
    _redirect(lab, "url")


@healthy_haproxy(target=OLD)
def haproxy_redirects_to_the_path_with_its_query(lab: Lab) -> None:
    _redirect(lab, "pathq")


@haproxy_scenario(
    outside=None,
    server="server.haproxy-url-for-path",
    target=SHORTER,
    manual="the page comes all the same, and nobody sees the query but the application",
)
def haproxy_sets_the_path_to_the_url(lab: Lab) -> None:
    """https://github.com/haproxy/haproxy/issues/859: the application gets the query twice."""
    _serve(lab, 'set-path "%[url,regsub(^/a/,/)]"')


@healthy_haproxy(target=SHORTER)
def haproxy_sets_the_path_to_the_path(lab: Lab) -> None:
    _serve(lab, 'set-path "%[path,regsub(^/a/,/)]"')
