"""A redirect names a host and no scheme: a path, for browsers."""

from .. import haproxy, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .haproxy import haproxy_scenario, healthy_haproxy

TARGET = f"https://{site.NAME}/old"
CHECK = "http.redirect-without-scheme"
PAGES = "  location / {\n    proxy_pass http://127.0.0.1:3000;"


def start_page(lab: Lab, scheme: str = "") -> None:
    """nginx redirects an old page to another page of the site."""
    target = f"{scheme}{site.NAME}/start"
    lab.change(PAGES, f"  location = /old {{\n    return 302 {target};\n  }}\n{PAGES}")


def start_page_of_haproxy(lab: Lab, scheme: str = "") -> None:
    target = f"{scheme}{site.NAME}/start"
    rule = f"    http-request redirect location {target} code 302 if {{ path /old }}\n"
    frontend = "    default_backend app\n"
    haproxy.serve(lab, haproxy.SITE.replace(frontend, f"{rule}{frontend}"))


@scenario(outside=CHECK, target=TARGET, differs=(site.CONF,))
def redirect_of_nginx_has_no_scheme(lab: Lab) -> None:
    start_page(lab)


@healthy(target=TARGET)
def redirect_of_nginx_has_a_scheme(lab: Lab) -> None:
    start_page(lab, "https://")


@haproxy_scenario(outside=CHECK, target=TARGET, differs=(haproxy.CONFIG,))
def redirect_of_haproxy_has_no_scheme(lab: Lab) -> None:
    start_page_of_haproxy(lab)


@healthy_haproxy(target=TARGET)
def redirect_of_haproxy_has_a_scheme(lab: Lab) -> None:
    start_page_of_haproxy(lab, "https://")
