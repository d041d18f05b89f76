"""Scenarios of upstream.connection-login-lost, after issue 20 of express-ntlm and issue
1053 of nginx-proxy ("Unexpected NTLM message Type 3 in new connection")."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

LOGIN = "another login is a decision"
MESSAGE = (f"https://{site.NAME}/ 401 Unauthorized",)


def _application(lab: Lab, mode: str) -> None:
    lab.spawn(lab.server, lab.server.application("refusing_server", mode, "3001"), 3001)
    lab.change(
        "  location / {\n    proxy_pass http://127.0.0.1:3000;",
        "  location / {\n    proxy_pass http://127.0.0.1:3001;",
    )


@scenario(
    outside=None, server="upstream.connection-login-lost", args=MESSAGE, manual=LOGIN,
    unsure=("client",),
)  # fmt: skip
def windows_login_behind_nginx(lab: Lab) -> None:
    """Windows authentication: the browser asks for the password again and again."""
    _application(lab, "windows")


@healthy()
def login_of_requests_behind_nginx(lab: Lab) -> None:
    """An application with passwords of its own (Basic)."""
    _application(lab, "login")
