"""Scenarios of nginx.slowed-down, after nginx's documentation of `limit_rate` ("The rate is
specified in bytes per second") and `limit_req` ("Excessive requests are delayed")."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import CSS, JS, PAGE, _serve

TIMEOUT = "  ssl_session_timeout 5m;\n"
ZONE = "limit_req_zone $binary_remote_addr zone=each:1m rate=1r/s;\n"
SHOP = "<!doctype html>\n<title>Shop</title>\n<p>Forty kinds of tea.</p>\n" + "".join(
    f"<link rel=stylesheet href=/css/{name}.css><script src=/js/{name}.js></script>\n"
    for name in "ab"
)
FILES = {f"css/{name}.css": CSS for name in "ab"} | {f"js/{name}.js": JS for name in "ab"}


@scenario(outside=None, server="nginx.slowed-down", differs=(site.CONF,), also=("http.slow",))
def rate_in_bytes(lab: Lab) -> None:
    """`limit_rate 500;`, where 500k is meant."""
    lab.change(TIMEOUT, f"{TIMEOUT}  limit_rate 500;\n")


@scenario(outside=None, server="nginx.slowed-down", differs=(site.CONF,))
def rate_of_an_application_in_bytes(lab: Lab) -> None:
    """`proxy_limit_rate 1000;` for the downloads of the application."""
    location = PAGE.replace("location /", "location /files/")
    limited = location.replace("    proxy_http", "    proxy_limit_rate 1000;\n    proxy_http")
    lab.change(PAGE, f"{limited}\n{PAGE}")


@scenario(outside=None, server="nginx.slowed-down", differs=(site.CONF,))
def files_of_a_page_wait(lab: Lab) -> None:
    """`limit_req` with `burst` and without `nodelay`, one request a second."""
    lab.edit("map $http_upgrade", f"{ZONE}map $http_upgrade")
    _serve(
        lab,
        "  root /var/www/shop;\n  limit_req zone=each burst=50;\n",
        **{"index.html": SHOP},
        **FILES,
    )


@healthy()
def files_of_a_page_do_not_wait(lab: Lab) -> None:
    lab.edit("map $http_upgrade", f"{ZONE}map $http_upgrade")
    _serve(
        lab,
        "  root /var/www/shop;\n  limit_req zone=each burst=50 nodelay;\n",
        **{"index.html": SHOP},
        **FILES,
    )


@healthy()
def rate_with_its_unit(lab: Lab) -> None:
    lab.change(TIMEOUT, f"{TIMEOUT}  limit_rate 500k;\n  limit_rate_after 1m;\n")
