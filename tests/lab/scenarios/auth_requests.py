"""nginx asks a login service before each request (auth_request), and fails at that question alone.

After https://github.com/plotlinelabs/loma/pull/39: the fields of the upgrade stand around all
locations, and the location of the question inherits them.
"""

from .. import site
from ..lab import HERE, Lab
from ..scenario import BARE, UNLOGGED, healthy, scenario
from .nginx_other_requests_failed import log_of_its_own, visit

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


@scenario(
    outside="websocket.not-upgraded", server="nginx.auth-request-failed",
    args=("--ws", "/ws", "auth request unexpected status: 501 while sending to client"),
    differs=(site.CONF,), not_on={**BARE, **UNLOGGED},
)  # fmt: skip
def line_about_the_question_of_a_websocket(lab: Lab) -> None:
    """The same, with nginx's own line, in which the status is that of the login service."""
    _guarded(lab, GUARDED)


@healthy(args=("--ws", "/ws"), not_on=BARE)
def question_without_the_upgrade(lab: Lab) -> None:
    """The location of the question has fields of its own."""
    _guarded(lab, GUARDED.replace(OFF, NO_UPGRADE))


SHOP = "  location / {"
ORDERS = """\
  location = /oauth2/auth {
    internal;
    proxy_pass http://127.0.0.1:4180/oauth2/auth;
    proxy_set_header Host $http_host;
    proxy_read_timeout 1s;
  }

  location /api/ {
    client_max_body_size 50m;
    auth_request /oauth2/auth;
    proxy_pass http://127.0.0.1:3000;
  }
"""
NO_BODY = 'proxy_pass_request_body off;\n    proxy_set_header Content-Length "";'
ORDER = ("-X", "POST", "-H", "Content-Type: application/json", "-d", '{"tea": 2}')


def _orders(lab: Lab, lines: str) -> None:
    """A page and an interface behind a login service that reads the body of each request."""
    program = str(HERE / "applications" / "stand_in.py")
    lab.spawn(lab.server, lab.server.python(program, "oauth2", "http", "127.0.0.1:4180"), 4180)
    log_of_its_own(lab, lines)
    lab.change(SHOP, f"{SHOP}\n    auth_request /oauth2/auth;")


@scenario(
    outside=None, server="nginx.auth-request-failed", differs=(site.CONF,),
    not_on={**BARE, **UNLOGGED},
)  # fmt: skip
def question_carries_the_length_of_a_body(lab: Lab) -> None:
    """https://github.com/bitly/oauth2_proxy/issues/442: pages open, and each POST gets 500."""
    _orders(lab, ORDERS)
    visit(lab, "/api/orders", *ORDER)


@healthy(not_on=BARE)
def question_without_the_length_of_a_body(lab: Lab) -> None:
    """As nginx's own example has it."""
    _orders(lab, ORDERS.replace("proxy_read_timeout 1s;", NO_BODY))
    visit(lab, "/api/orders", *ORDER)


@scenario(
    outside=None, server="nginx.auth-request-failed", differs=(site.CONF,),
    not_on={**BARE, **UNLOGGED},
)  # fmt: skip
def question_has_a_limit_of_its_own(lab: Lab) -> None:
    """https://github.com/perusio/nginx-auth-request-module/issues/5: uploads of more than 1m fail,
    although their own location takes 50m."""
    _orders(lab, ORDERS.replace("proxy_read_timeout 1s;", NO_BODY))
    lab.client.sh("head -c 2000000 /dev/zero > /run/upload")
    visit(lab, "/api/files", "-H", "Expect:", "--data-binary", "@/run/upload")


@healthy(not_on=BARE)
def question_without_a_limit(lab: Lab) -> None:
    """Healed: the upload is taken."""
    lines = f"client_max_body_size 0;\n    {NO_BODY}"
    _orders(lab, ORDERS.replace("proxy_read_timeout 1s;", lines))
    lab.client.sh("head -c 2000000 /dev/zero > /run/upload")
    visit(lab, "/api/files", "-H", "Expect:", "--data-binary", "@/run/upload")
