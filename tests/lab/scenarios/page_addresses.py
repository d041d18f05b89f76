"""The page opens, and names its files where browsers cannot use them: at the server's address, or
at the site's name without its port.

After threads about WordPress, Laravel and Discourse behind a proxy: a style sheet at
https://192.0.2.10/… with "net::ERR_CERT_COMMON_NAME_INVALID", and a page without style on
https://example.com:8443.
"""

from .. import site
from ..lab import SERVER, Lab
from ..scenario import healthy, scenario

CSS = "body { color: #222 }\n"
FOLDER = "/srv/shop"
START = site.HTTPS.index("  location / {")
PAGES = site.HTTPS[START : site.HTTPS.index("  location /ws")]
PAGE = "<!doctype html><title>Shop</title>{}<p>Forty kinds of tea, and the pots for them.</p>\n"
ON_8443 = f"https://{site.NAME}:8443/"
ON_8080 = f"http://{site.NAME}:8080/"
SETTING = "the application's own address is a setting"
OTHER_PORT = "the laboratory's visitor uses port 443"
OWN_PORT = {"[!n]*": "its port is that of the site's file", "nginx*": "the same"}


def _files(lab: Lab, head: str) -> None:
    lab.server.write(f"{FOLDER}/index.html", PAGE.format(head))
    lab.server.write(f"{FOLDER}/app.css", CSS)
    lab.change(PAGES, f"  root {FOLDER};\n")


@scenario(outside="http.address-in-page", manual=SETTING)
def page_loads_its_style_from_the_address(lab: Lab) -> None:
    _files(lab, f"<link rel=stylesheet href=https://{SERVER}/app.css>")


@scenario(outside="http.address-in-page", manual=SETTING)
def page_shows_an_image_of_the_address(lab: Lab) -> None:
    _files(lab, f"<link rel=stylesheet href=/app.css><img src=https://{SERVER}/logo.png>")


@scenario(outside="http.address-in-page", server="nginx.host-not-passed", differs=(site.CONF,))
def nginx_tells_the_application_the_address(lab: Lab) -> None:
    """The application makes its addresses of the field Host."""
    lab.application("--mode", "absolute-links")
    lab.change(PAGES, PAGES.replace("Host $http_host", f"Host {SERVER}"))


@healthy()
def page_names_its_files_by_its_own_address(lab: Lab) -> None:
    lab.application("--mode", "absolute-links")


def _on_8443(lab: Lab, host: str, mode: str = "absolute-links") -> None:
    """The site is on a port of its own, and nothing is on 443."""
    for words in ((), ("--permanent",)):
        lab.server.run(["firewall-cmd", *words, "--add-port=8443/tcp"], check=True)
    lab.application("--mode", mode)
    lab.edit("return 301 https://$host$request_uri", "return 301 https://$host:8443$request_uri")
    lab.edit("Host $http_host", f"Host {host}")
    lab.change("listen 443", "listen 8443")


@scenario(outside="http.port-lost-in-page", target=ON_8443, manual=OTHER_PORT, not_on=OWN_PORT)
def nginx_tells_the_application_a_host_without_its_port(lab: Lab) -> None:
    _on_8443(lab, "$host")


@scenario(outside="http.port-lost-in-page", target=ON_8443, manual=OTHER_PORT, not_on=OWN_PORT)
def link_of_the_page_loses_its_port(lab: Lab) -> None:
    """After https://github.com/lsky-org/lsky-pro/issues/607: a click on "log in" leaves the
    port."""
    _on_8443(lab, "$host", "own-links")


@healthy(target=ON_8443, not_on=OWN_PORT)
def link_of_the_page_keeps_its_port(lab: Lab) -> None:
    _on_8443(lab, "$http_host", "own-links")


def _on_8080(lab: Lab, host: str) -> None:
    """The site is on a port of its own over http, and nothing is on 80 and 443."""
    for words in ((), ("--permanent",)):
        lab.server.run(["firewall-cmd", *words, "--add-port=8080/tcp"], check=True)
    lab.application("--mode", "plain-links")
    passed = PAGES.replace("Host $http_host", f"Host {host}").replace("-Proto https", "-Proto http")
    lab.configure(f"server {{\n  listen 8080;\n  server_name {site.NAME};\n{passed}}}\n")


@scenario(outside="http.port-lost-in-page", target=ON_8080, manual=OTHER_PORT, not_on=OWN_PORT)
def http_page_loses_its_port(lab: Lab) -> None:
    """https://github.com/oneinstack/oneinstack/issues/80, of which the redirect is elsewhere."""
    _on_8080(lab, "$host")


@healthy(target=ON_8080, not_on=OWN_PORT)
def http_page_keeps_its_port(lab: Lab) -> None:
    _on_8080(lab, "$http_host")


@healthy(target=ON_8443, not_on=OWN_PORT)
def nginx_tells_the_application_the_visitors_host(lab: Lab) -> None:
    _on_8443(lab, "$http_host")
