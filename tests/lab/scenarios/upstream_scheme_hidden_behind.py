"""An inner nginx writes its own scheme over the visitor's, so that no session is kept.

From https://forge.wilddragon.net/WildDragonLLC/dragonflight/src/commit/8f93302f45cfb564c8a774d99c2bbfdb6a93f47d/services/web-ui:
express-session sends its cookie over https alone, and the nginx of the container says http.
"""

from tests.lab import site
from tests.lab.lab import Lab
from tests.lab.scenario import healthy, scenario
from tests.lab.scenarios.nginx import MINE

INNER = """\
server {
  listen 127.0.0.1:8080;
  server_name _;
  location / {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  }
}
"""
TOLD = (
    f"https://{site.NAME} after the login the login page comes again, the session cookie is missing"
)


def _two_blocks(lab: Lab, inner: str) -> None:
    text = lab.server.read(site.CONF)
    text = text.replace("proxy_pass http://127.0.0.1:3000;", "proxy_pass http://127.0.0.1:8080;")
    lab.server.write(site.CONF, text + inner)
    lab.restart_nginx()


@scenario(
    outside=None, server="upstream.scheme-hidden-behind", target=TOLD, differs=MINE,
)  # fmt: skip
def inner_block_hides_the_scheme(lab: Lab) -> None:
    _two_blocks(lab, INNER)


@healthy(target=TOLD)
def inner_block_keeps_the_told_scheme(lab: Lab) -> None:
    _two_blocks(lab, INNER.replace("Proto $scheme", "Proto $http_x_forwarded_proto"))
