"""A program says in its own words that it keeps visitors out, and one that does not."""

from .. import apache, site
from ..lab import CLIENT, Lab
from ..scenario import healthy, scenario
from .apache import apache_scenario

WORDS = "Your IP address has been banned after too many failed authentication attempts."
PLACE = "  location / {\n    proxy_pass http://127.0.0.1:3000;"
CODE = """\
import http.server


class Program(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"{body}"
        self.send_response({status})
        self.send_header("Content-Type", "text/plain; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET


http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Program).serve_forever()
"""


def _program(lab: Lab, status: int, body: str) -> None:
    lab.server.write("/opt/webui/webui.py", CODE.format(status=status, body=body))
    lab.undo(lambda: lab.server.sh("rm -rf /opt/webui"))
    lab.spawn(lab.server, lab.server.python("/opt/webui/webui.py"), 8080)


@scenario(
    outside="http.program-limit",
    server="http.program-limit",
    manual="a person lets the program know the proxy",
)
def program_bans_the_proxy(lab: Lab) -> None:
    """https://github.com/qbittorrent/qBittorrent/issues/10617: banned behind a reverse proxy."""
    _program(lab, 403, WORDS)
    lab.change(PLACE, PLACE.replace("3000", "8080"))


@healthy()
def program_bans_nobody(lab: Lab) -> None:
    _program(lab, 200, "qBittorrent Web UI")
    lab.change(PLACE, PLACE.replace("3000", "8080"))


@apache_scenario(
    outside="http.program-limit",
    server="http.program-limit",
    manual="a person lets the program know the proxy",
)
def program_behind_apache_bans_the_proxy(lab: Lab) -> None:
    _program(lab, 403, WORDS)
    apache.serve(lab, f"{apache.HTTPS}\n{apache.HTTP}".replace(":3000/\n", ":8080/\n"))


HASS = """\
import http.server
import re
import time

BANS = open("/srv/hass/ip_bans.yaml").read()
LOG = open("/srv/hass/home-assistant.log", "a")
for address in re.findall(r"^([0-9.]+):", BANS, re.M)[1:]:
    now = time.strftime("%Y-%m-%d %H:%M:%S.000 ")
    LOG.write(now + "WARNING (MainThread) [homeassistant.components.http.ban] ")
    LOG.write("Banned IP " + address + " for too many login attempts\\n")
LOG.flush()


class Program(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        visitor = (self.headers["X-Forwarded-For"] or "127.0.0.1").split(",")[-1].strip()
        is_banned = visitor + ":" in BANS
        body = b"403: Forbidden" if is_banned else b"<title>Home Assistant</title><home-assistant>"
        self.send_response(403 if is_banned else 200)
        self.send_header("Content-Type", "text/plain" if is_banned else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *words):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", 8123), Program).serve_forever()
"""


def _hass(lab: Lab, *banned: str) -> None:
    lab.server.write("/srv/hass/hass.py", HASS)
    bans = "".join(f"{address}:\n  banned_at: '2026-11-20T08:12:44'\n" for address in banned)
    lab.server.write("/srv/hass/ip_bans.yaml", bans)
    lab.undo(lambda: lab.server.sh("rm -rf /srv/hass"))
    lab.spawn(lab.server, lab.server.python("/srv/hass/hass.py", "-c", "/srv/hass"), 8123)
    lab.change(PLACE, PLACE.replace("3000", "8123"))


@scenario(
    outside=None, server="http.program-limit-told", args=("403: Forbidden",), unsure=("client",),
    differs=("/srv/hass/ip_bans.yaml", "processes"),
)  # fmt: skip
def home_assistant_has_banned_the_visitor(lab: Lab) -> None:
    """https://www.home-assistant.io/integrations/http/: ip_bans.yaml, read at the start."""
    _hass(lab, "192.0.2.44", CLIENT)


@healthy(args=("403: Forbidden",))
def home_assistant_has_banned_others(lab: Lab) -> None:
    _hass(lab, "192.0.2.44")


LOGGED = (
    "[2026-11-20 21:10:11.001][vaultwarden::api::identity][ERROR] Too many login requests. "
    "IP: 127.0.0.1"
)
REAL = "    proxy_set_header X-Real-IP $remote_addr;\n"


@scenario(
    outside=None, server="http.program-limit-told", args=(LOGGED,), differs=(site.CONF,),
)  # fmt: skip
def vaultwarden_counts_nginx(lab: Lab) -> None:
    """https://github.com/dani-garcia/vaultwarden/pull/152: it takes the visitor from X-Real-IP,
    which nginx does not send; the words are those of its pull request 2165."""
    if REAL in lab.server.read(site.CONF):
        lab.edit(REAL, "")


@healthy(args=(LOGGED,))
def vaultwarden_counts_visitors(lab: Lab) -> None:
    """The line is older than the field."""
    if REAL not in lab.server.read(site.CONF):
        lab.change(PLACE, PLACE.replace("{\n", "{\n" + REAL))
