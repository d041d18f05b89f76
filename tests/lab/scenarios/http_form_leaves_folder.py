"""Scenarios of http.form-leaves-folder: a page of files plays the application."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
BELOW = f"https://{site.NAME}/rc/"
MAIL = """\
server {{
  listen 127.0.0.1:3001;
  root /srv/mail;
}}
"""
FORM = (
    '<!doctype html><title>Mail</title><form method="post" action="{}"><input name="_user">'
    "</form><p>Give your name and your password here.</p>\n"
)


def _mail(lab: Lab, action: str) -> None:
    lab.server.write("/srv/mail/index.html", FORM.format(action))
    lab.undo(lambda: lab.server.sh("rm -rf /srv/mail"))
    lab.server.write(site.CONF, lab.server.read(site.CONF) + MAIL.format())
    folder = "  location ^~ /rc/ {\n    proxy_pass http://127.0.0.1:3001/;\n  }\n"
    lab.change(PAGES, PAGES + folder)


@scenario(
    outside=None, server="http.form-leaves-folder", target=BELOW,
    manual="the application has to know its folder",
)  # fmt: skip
def login_is_sent_out_of_its_folder(lab: Lab) -> None:
    """Roundcube below /rc/: https://github.com/mailcow/mailcow-dockerized-docs/issues/933."""
    _mail(lab, "/?_task=login")


@healthy(target=BELOW)
def login_is_sent_to_its_folder(lab: Lab) -> None:
    _mail(lab, "/rc/?_task=login")


@healthy(target=BELOW)
def subscription_is_sent_to_the_main_site(lab: Lab) -> None:
    _mail(lab, "/subscribe")
