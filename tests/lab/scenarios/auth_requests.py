"""nginx asks a login service before each request (auth_request), and fails at that question alone.

After https://github.com/plotlinelabs/loma/pull/39: the fields of the upgrade stand around all
locations, and the location of the question inherits them.
"""

from .. import site
from ..lab import HERE, Lab
from ..scenario import BARE, UNLOGGED, healthy, scenario

PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.rindex("}")]
GUARDED = """\
  proxy_http_version 1.1;
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-Proto https;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $connection_upgrade;

  location = /_whoami {
    internal;
    proxy_pass http://127.0.0.1:3001/api/whoami;
    proxy_pass_request_body off;
  }

  location /ws {
    auth_request /_whoami;
    proxy_pass http://127.0.0.1:3000;
    proxy_read_timeout 3600s;
  }

  location / {
    auth_request /_whoami;
    proxy_pass http://127.0.0.1:3000;
  }
"""
OFF = "proxy_pass_request_body off;\n"
NO_UPGRADE = f"""{OFF}\
    proxy_set_header Host $http_host;
    proxy_set_header Content-Length "";
    proxy_set_header Upgrade "";
    proxy_set_header Connection "";
"""


def _guarded(lab: Lab, lines: str) -> None:
    """The site behind a login service that lets everybody in, and refuses to become a WebSocket."""
    words = ("--port", "3001", "--path", "/api/whoami", "--mode", "not-implemented")
    program = str(HERE / "application.py")
    argv = lab.server.python(program, *words, "--without-upgrade", "200 OK")
    lab.spawn(lab.server, argv, 3001)
    lab.change(PAGES, lines)


@scenario(
    outside="websocket.not-upgraded", server="nginx.auth-request-failed", args=("--ws", "/ws"),
    differs=(site.CONF,), not_on={**BARE, **UNLOGGED},
)  # fmt: skip
def question_carries_the_upgrade(lab: Lab) -> None:
    """The page opens, its WebSocket gets 500."""
    _guarded(lab, GUARDED)


@healthy(args=("--ws", "/ws"), not_on=BARE)
def question_without_the_upgrade(lab: Lab) -> None:
    """The location of the question has fields of its own."""
    _guarded(lab, GUARDED.replace(OFF, NO_UPGRADE))
