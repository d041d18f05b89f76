"""Scenarios of upstream.request-parts-dropped, after nginx's documentation of
`proxy_pass_request_body` and of auth_request, whose example is for the subrequest alone."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import PAGE

MINE = (site.CONF,)
NO_LOGIN = "the application still asks for a password"


def _passed(lab: Lab, lines: str) -> None:
    lab.change(PAGE, PAGE.replace("    proxy_http", f"{lines}    proxy_http"))


def _login(lab: Lab, lines: str) -> None:
    lab.spawn(lab.server, lab.server.application("refusing_server", "login", "3001"), 3001)
    passed = PAGE.replace("127.0.0.1:3000", "127.0.0.1:3001")
    lab.change(PAGE, passed.replace("    proxy_http", f"{lines}    proxy_http"))


@scenario(outside=None, server="upstream.request-parts-dropped", manual=NO_LOGIN)
def token_does_not_arrive(lab: Lab) -> None:
    """`proxy_set_header Authorization "";` from a guide to auth_basic."""
    _login(lab, '    proxy_set_header Authorization "";\n')


@scenario(outside=None, server="upstream.request-parts-dropped", manual=NO_LOGIN)
def fields_do_not_arrive(lab: Lab) -> None:
    """`proxy_pass_request_headers off;` from a guide to auth_request."""
    _login(lab, "    proxy_pass_request_headers off;\n")


@scenario(outside=None, server="upstream.request-parts-dropped", differs=MINE)
def forms_arrive_empty(lab: Lab) -> None:
    """`proxy_pass_request_body off;` in the application's own location."""
    lab.application("--mode", "form")
    _passed(lab, "    proxy_pass_request_body off;\n")


@healthy()
def fields_of_a_public_page_are_left_out(lab: Lab) -> None:
    """As for a storage: nobody logs in there."""
    _passed(lab, '    proxy_set_header Cookie "";\n    proxy_set_header Authorization "";\n')


@healthy()
def body_of_a_subrequest_is_left_out(lab: Lab) -> None:
    lab.application("--mode", "form")
    check = PAGE.replace("location /", "location = /auth").replace(
        "    proxy_http", "    internal;\n    proxy_pass_request_body off;\n    proxy_http"
    )
    asking = PAGE.replace("    proxy_http", "    auth_request /auth;\n    proxy_http")
    lab.change(PAGE, f"{check}\n{asking}")
