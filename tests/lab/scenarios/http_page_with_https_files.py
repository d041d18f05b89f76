"""A page over http that names its files with https, while port 443 is closed to visitors."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

TARGET = f"http://{site.NAME}/"
PERSON = "a person opens port 443, or sets the application's address with http"
PLAIN = site.HTTP.replace(
    "return 301 https://$host$request_uri;",
    "proxy_pass http://127.0.0.1:3000;\n    proxy_set_header Host $http_host;",
)


def serve(lab: Lab, *blocks: str) -> None:
    lab.application("--mode", "absolute-links")
    lab.server.write(site.CONF, "\n".join((site.MAP, PLAIN, *blocks)))
    lab.restart_nginx()


@scenario(outside="http.upgrade-without-tls", server=None, target=TARGET, manual=PERSON)
def https_of_the_files_is_not_forwarded(lab: Lab) -> None:
    """Issue 1229 of nginx-proxy: the router forwards port 80 alone. The server sees no fault."""
    serve(lab, site.HTTPS)
    lab.cloud("tcp dport 443 drop")


@scenario(outside="http.upgrade-without-tls", target=TARGET, manual=PERSON)
def site_address_says_https_without_tls(lab: Lab) -> None:
    """The address of the site in the application is https, and nothing listens on 443."""
    serve(lab)


@healthy(target=TARGET)
def files_of_a_page_over_http_come_by_https(lab: Lab) -> None:
    serve(lab, site.HTTPS)
