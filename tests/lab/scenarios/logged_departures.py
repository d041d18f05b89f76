"""Every request of the visitors was answered, and they did not come back: the last answer led them
to a wrong address. Asked with the bare name, a run looks where that page leads. A healthy twin has
the same requests.
"""

from .. import site
from ..lab import HERE, Lab
from ..scenario import healthy, scenario
from .nginx_other_requests_failed import log_of_its_own, visit
from .taken_paths import ANOTHER_BLOCK

MINE = (site.CONF,)
HOME = f"https://{site.NAME}"
IN_THE_APPLICATION = "the application builds the address"
SCHEME = "    proxy_set_header X-Forwarded-Proto https;\n"
HOST = "    proxy_set_header X-Forwarded-Host $http_host;\n"


def _login(lab: Lab, fields: str, path: str) -> None:
    """A login that leads to Google, at a path of an application of its own."""
    argv = lab.server.python(str(HERE / "applications" / "login_server.py"), "3001")
    lab.spawn(lab.server, argv, 3001)
    passed = "    proxy_pass http://127.0.0.1:3001;\n    proxy_set_header Host $host;\n"
    log_of_its_own(lab, f"  location {path} {{\n{passed}{fields}  }}\n")
    visit(lab, "/", referer="")
    visit(lab, path)


@scenario(
    outside=None, server="http.login-return-address", manual=IN_THE_APPLICATION,
    also=("http.redirect-wrong-host",),
)  # fmt: skip
def visitors_do_not_come_back_from_a_login_elsewhere(lab: Lab) -> None:
    """https://github.com/zammad/zammad/issues/723: redirect_uri_mismatch at GitHub. The visitors of
    the laboratory cannot reach the login."""
    _login(lab, "", "/auth/google")


@healthy()
def visitors_do_not_come_back_from_a_login_that_is_told_https(lab: Lab) -> None:
    """They are still typing their password there."""
    _login(lab, SCHEME, "/auth/google")


@scenario(outside=None, server="http.login-return-address", manual=IN_THE_APPLICATION)
def visitors_stay_at_a_page_whose_login_names_http(lab: Lab) -> None:
    """https://github.com/odoo/odoo/issues/9057"""
    _login(lab, SCHEME, "/web/login")


@healthy()
def visitors_stay_at_a_page_whose_login_names_https(lab: Lab) -> None:
    _login(lab, SCHEME + HOST, "/web/login")


def _inner(lab: Lab, destination: str) -> None:
    """Another server block is the application, and takes the last slash from an address, before it
    looks for a file."""
    block = (
        "server {\n  listen 127.0.0.1:8080;\n  default_type text/html;\n  location / {\n"
        f"    rewrite ^(/app/.+)/$ {destination}$1 permanent;\n"
        "    try_files $uri @home;\n  }\n  location @home {\n"
        "    return 200 '<h1>Home</h1><p>Forty kinds of tea for every day.</p>';\n  }\n}\n"
    )
    passed = "proxy_pass http://127.0.0.1:8080; proxy_set_header Host $host;"
    log_of_its_own(lab, f"  location /app/ {{ {passed} }}\n")
    lab.change(site.MAP, f"{site.MAP}\n{block}")
    visit(lab, "/app/home", referer=f"{HOME}/")
    visit(lab, "/app/home/", referer="")


@scenario(outside=None, server="http.redirect-wrong-host", differs=MINE, not_on=ANOTHER_BLOCK)
def visitors_are_led_to_the_port_of_an_inner_block(lab: Lab) -> None:
    """https://github.com/frappe/frappe_docker/issues/1306"""
    _inner(lab, "")


@healthy(not_on=ANOTHER_BLOCK)
def visitors_are_led_by_an_inner_block_to_their_own_port(lab: Lab) -> None:
    _inner(lab, f"{HOME}")


@healthy()
def programs_ask_for_addresses_that_redirect(lab: Lab) -> None:
    """They follow no redirect, and look like browsers. One of the addresses leads to another
    site."""
    log_of_its_own(lab, "  location /go/ { return 302 https://www.example.net/; }\n")
    for path in ("/go/tea", "/admin", "/go/tea", "/login"):
        visit(lab, path, referer="")
