"""Scenarios of nginx.login-return-changed, after issue 498 of ContentDB and 225 of opkssh: the site
is the login of programs on their users' own machines."""

from .. import site
from ..lab import HERE, Lab
from ..scenario import healthy, scenario

ASKED = (
    f"https://{site.NAME}/oauth/authorize?response_type=code&client_id=1"
    "&redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Fcallback"
)
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
PASS = "    proxy_pass http://127.0.0.1:3000;\n"
PASSED = "    proxy_pass http://127.0.0.1:3001;\n"


def _logins(lab: Lab, line: str) -> None:
    """A login that leads back to the address that it is asked for."""
    program = str(HERE / "applications" / "login_server.py")
    lab.spawn(lab.server, lab.server.python(program, "3001"), 3001)
    lab.change(PAGES, PAGES.replace(PASS, PASSED + line))


@scenario(outside=None, server="nginx.login-return-changed", target=ASKED, differs=(site.CONF,))
def login_is_led_back_to_https(lab: Lab) -> None:
    """`proxy_redirect http:// https://;` is for the site's own redirects."""
    _logins(lab, "    proxy_redirect http:// https://;\n")


@healthy(target=ASKED)
def login_leads_back_to_localhost(lab: Lab) -> None:
    """The program waits on the visitor's own machine."""
    _logins(lab, "    proxy_redirect http://$host/ https://$host/;\n")
