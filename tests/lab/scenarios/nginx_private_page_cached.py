"""Scenarios of nginx.private-page-cached."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import PAGE

CACHE = "proxy_cache_path /var/cache/pages levels=1:2 keys_zone=pages:1m;\n"
LINES = "    proxy_cache pages;\n    proxy_cache_valid 5m;\n%s"
IGNORED = "    proxy_ignore_headers Cache-Control Expires;\n"

#: What PHP answers where a script has started a session, played by nginx.
SESSION = """\
server {
  listen 127.0.0.1:3002;
  location / {
    default_type text/html;
    add_header Expires "Thu, 19 Nov 1981 08:52:00 GMT";
    add_header Cache-Control "no-store, no-cache, must-revalidate";
    return 200 "<!doctype html><title>Shop</title><p>Hello, anna!</p>";
  }
}
"""


def _cached(lab: Lab, lines: str) -> None:
    lab.edit("map $http_upgrade", f"{CACHE}{SESSION}map $http_upgrade")
    passed = PAGE.replace("127.0.0.1:3000", "127.0.0.1:3002")
    lab.change(PAGE, passed.replace("    proxy_http", f"{LINES % lines}    proxy_http"))


@scenario(outside=None, server="nginx.private-page-cached", differs=(site.CONF,))
def cache_that_keeps_pages_of_a_session(lab: Lab) -> None:
    """After https://github.com/matomo-org/matomo-nginx/issues/9."""
    _cached(lab, IGNORED)


@scenario(outside=None, server="nginx.private-page-cached", differs=(site.CONF,))
def cache_that_sessions_fill(lab: Lab) -> None:
    """proxy_cache_bypass without proxy_no_cache."""
    _cached(lab, f"{IGNORED}    proxy_cache_bypass $cookie_PHPSESSID;\n")


@healthy()
def cache_that_heeds_pages_of_a_session(lab: Lab) -> None:
    _cached(lab, "")


@healthy()
def cache_that_sessions_pass_by(lab: Lab) -> None:
    _cached(
        lab,
        f"{IGNORED}    proxy_no_cache $cookie_PHPSESSID;\n"
        "    proxy_cache_bypass $cookie_PHPSESSID;\n",
    )


#: What an application with a login answers to who has not logged in, played by nginx.
CONSOLE = f"https://{site.NAME}/console/"
LOGIN = """\
server {
  listen 127.0.0.1:3003;
  absolute_redirect off;
  location = /console/ {
    add_header Cache-Control "no-cache, no-store, max-age=0, must-revalidate";
    return 302 /console/login;
  }
  location / {
    default_type text/html;
    add_header Cache-Control "no-cache, no-store, max-age=0, must-revalidate";
    return 200 "<!doctype html><title>Blog</title><form><input type=password name=p></form>";
  }
}
"""


def _console(lab: Lab, lines: str) -> None:
    lab.edit("map $http_upgrade", f"{CACHE}{LOGIN}map $http_upgrade")
    passed = PAGE.replace("127.0.0.1:3000", "127.0.0.1:3003")
    lines = f"    proxy_cache pages;\n    proxy_cache_valid 200 301 302 5m;\n{lines}"
    lab.change(PAGE, passed.replace("    proxy_http", f"{lines}    proxy_http"))


@scenario(
    outside=None,
    server="nginx.private-page-cached",
    target=CONSOLE,
    differs=(site.CONF,),
)
def cache_that_leads_to_the_login_again(lab: Lab) -> None:
    _console(lab, IGNORED)


@healthy(target=CONSOLE)
def cache_that_heeds_what_a_login_forbids(lab: Lab) -> None:
    _console(lab, "")
