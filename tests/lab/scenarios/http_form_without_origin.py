"""Scenarios of http.form-without-origin. An inner block of nginx plays Django's page."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

PAGES = "  location / {\n    proxy_pass http://127.0.0.1:3000;\n    proxy_http_version 1.1;\n"
LOGIN = """\
server {
  listen 127.0.0.1:3005;
  location / {
    default_type text/html;
    add_header Set-Cookie "csrftoken=abc; Path=/; SameSite=Lax";
    return 200 '<!doctype html><title>Login</title><form method="post" action="/login/">\
<p>Log in to the shop here.</p><input type="password" name="p"></form>';
  }
}
"""


def _login(lab: Lab, policy: str) -> None:
    lab.edit(site.MAP, f"{site.MAP}\n{LOGIN}")
    line = f'    add_header Referrer-Policy "{policy}" always;\n'
    first, rest = PAGES.splitlines(keepends=True)[0], PAGES.split("\n", 1)[1]
    lab.change(PAGES, first + line + rest.replace("3000", "3005"))


@scenario(outside="http.form-without-origin", differs=(site.CONF,))
def login_with_no_referrer(lab: Lab) -> None:
    """ "CSRF verification failed", after issue 712 of Paperless-ngx."""
    _login(lab, "no-referrer")


@healthy()
def login_with_a_referrer_of_its_own_site(lab: Lab) -> None:
    _login(lab, "same-origin")
