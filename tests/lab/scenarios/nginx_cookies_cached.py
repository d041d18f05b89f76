"""Scenarios of nginx.cookies-cached."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import PAGE

CACHE = "proxy_cache_path /var/cache/assets levels=1:2 keys_zone=assets:1m;\n"
LINES = "    proxy_cache assets;\n    proxy_cache_valid any 30m;\n%s"
IGNORED = "    proxy_ignore_headers Set-Cookie Cache-Control Expires X-Accel-Expires;\n"
DESK = f"https://{site.NAME}/desk"


def _cached(lab: Lab, lines: str) -> None:
    lab.spawn(lab.server, lab.server.application("login_server", "3001"), 3001)
    lab.edit("map $http_upgrade", f"{CACHE}map $http_upgrade")
    passed = PAGE.replace("127.0.0.1:3000", "127.0.0.1:3001")
    lab.change(PAGE, passed.replace("    proxy_http", f"{LINES % lines}    proxy_http"))


@scenario(outside=None, server="nginx.cookies-cached", target=DESK, differs=(site.CONF,))
def cache_that_hands_out_sessions(lab: Lab) -> None:
    """After issue 40863 of Nextcloud and issue 51957 of ERPNext: "Cache Assets" of Nginx Proxy
    Manager."""
    _cached(lab, IGNORED)


@healthy(target=DESK)
def cache_that_heeds_cookies(lab: Lab) -> None:
    _cached(lab, "")


@healthy(target=DESK)
def cache_that_hides_cookies(lab: Lab) -> None:
    _cached(lab, f"{IGNORED}    proxy_hide_header Set-Cookie;\n")


#: What Ghost answers to somebody who has not logged in, played by nginx.
NOT_LOGGED_IN = """\
server {
  listen 127.0.0.1:3002;
  location / {
    default_type text/html;
    add_header Set-Cookie "ghost-members-ssr=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT";
    return 200 "<!doctype html><title>Blog</title><p>Sign in</p>";
  }
}
"""


def _blog(lab: Lab, lines: str) -> None:
    lab.edit("map $http_upgrade", f"{CACHE}{NOT_LOGGED_IN}map $http_upgrade")
    passed = PAGE.replace("127.0.0.1:3000", "127.0.0.1:3002")
    lab.change(PAGE, passed.replace("    proxy_http", f"{LINES % lines}    proxy_http"))


@scenario(outside=None, server="nginx.cookies-cached", differs=(site.CONF,))
def cache_that_ends_logins(lab: Lab) -> None:
    """The page of somebody who has not logged in removes the cookie of who has, after
    https://github.com/TryGhost/Ghost/issues/27942."""
    _blog(lab, IGNORED)


@healthy()
def cache_that_hides_the_removed_cookie(lab: Lab) -> None:
    _blog(lab, f"{IGNORED}    proxy_hide_header Set-Cookie;\n")


#: What an application with a login answers to who has none yet, played by nginx.
ADMIN = f"https://{site.NAME}/admin/profile"
LOGIN = """\
server {
  listen 127.0.0.1:3003;
  absolute_redirect off;
  location = /admin/profile {
    add_header Set-Cookie "JSESSIONID=$request_id; Path=/; HttpOnly";
    return 302 /admin/login;
  }
  location / {
    default_type text/html;
    add_header Set-Cookie "JSESSIONID=$request_id; Path=/; HttpOnly";
    return 200 "<!doctype html><title>Blog</title><form><input type=password name=p></form>";
  }
}
"""
PANEL = """\
    add_header X-Cache $upstream_cache_status;
    proxy_ignore_headers Set-Cookie Cache-Control expires;
    proxy_cache assets;
    proxy_cache_key $host$uri$is_args$args;
    proxy_cache_valid 200 304 301 302 10m;
"""
KEPT_OUT = """\
    proxy_cache assets;
    proxy_cache_valid 200 304 301 302 10m;
    proxy_no_cache $http_cookie $http_authorization;
    proxy_cache_bypass $http_cookie $http_authorization;
"""


def _admin(lab: Lab, lines: str) -> None:
    lab.edit("map $http_upgrade", f"{CACHE}{LOGIN}map $http_upgrade")
    passed = PAGE.replace("127.0.0.1:3000", "127.0.0.1:3003")
    lab.change(PAGE, passed.replace("    proxy_http", f"{lines}    proxy_http"))


@scenario(outside=None, server="nginx.cookies-cached", target=ADMIN, differs=(site.CONF,))
def cache_that_keeps_the_redirect_to_the_login(lab: Lab) -> None:
    """After https://github.com/halo-dev/halo/issues/12: the cache of a proxy in aaPanel."""
    _admin(lab, PANEL)


@healthy(target=ADMIN)
def cache_without_visitors_of_a_login(lab: Lab) -> None:
    _admin(lab, KEPT_OUT)
