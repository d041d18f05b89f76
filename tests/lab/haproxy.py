"""HAProxy in nginx's place, or in front of it, on the laboratory's server."""

import shutil

from . import certificates, site
from .hosts import PATH, until
from .lab import Lab
from .web_servers import keep_only

CONFIG = "/etc/haproxy/haproxy.cfg"
PEM = "/etc/ssl/lab/shop.pem"
PID = "/run/haproxy.pid"
SOCKET = "/run/haproxy/admin.sock"

GLOBAL = f"""\
global
    user haproxy
    group haproxy
    stats socket {SOCKET} mode 660 level admin
    maxconn 4000

defaults
    mode http
    log global
    timeout connect 5s
    timeout client 1m
    timeout server 1m
    timeout tunnel 1h
"""
HTTP = """\
frontend http
    bind :80
    http-request redirect scheme https code 301
"""
HTTPS = f"""\
frontend https
    bind :443 ssl crt {PEM} alpn h2,http/1.1
    http-request set-header X-Forwarded-Proto https
    option forwardfor
    default_backend app
"""
BACKEND = """\
backend app
    server app1 127.0.0.1:3000
"""
SITE = f"{GLOBAL}\n{HTTP}\n{HTTPS}\n{BACKEND}"


def needs_haproxy() -> str:
    """Why HAProxy cannot be played here; "" if it can."""
    return "" if shutil.which("haproxy", path=PATH) else "haproxy is not here"


def bundle(issued: certificates.Issued | None = None) -> str:
    """A certificate with its chain and key in one text, as HAProxy wants it."""
    issued = issued or certificates.good()
    return issued.chain + issued.key_pem


def install(lab: Lab, text: str = SITE, keep_nginx: bool = False) -> None:
    """Write HAProxy's files and stop nginx, which goes from this server unless it is kept."""
    server = lab.server
    if not keep_nginx:
        lab.stop_nginx()
    keep_only(lab, "haproxy", *(["nginx"] if keep_nginx else []))
    server.sh("mkdir -p /run/haproxy /etc/ssl/lab")
    server.write(PEM, bundle(), 0o600)
    server.write(CONFIG, text)


def start(lab: Lab, *ports: int) -> None:
    """Start HAProxy, and wait until it listens on these ports."""
    lab.server.run(["haproxy", "-W", "-D", "-f", CONFIG, "-p", PID], check=True)
    for port in ports or (80, 443):
        until(lambda port=port: lab.server.listening(port), f"haproxy listens on {port}")  # type: ignore[misc]


def serve(lab: Lab, text: str = SITE, *ports: int, keep_nginx: bool = False) -> None:
    """HAProxy with this site, running."""
    install(lab, text, keep_nginx)
    start(lab, *ports)


def edit(lab: Lab, old: str, new: str, path: str = CONFIG) -> None:
    """In the file only: HAProxy does not hear of it."""
    text = lab.server.read(path)
    assert old in text, f"{path} has no {old!r}"
    lab.server.write(path, text.replace(old, new))


def behind(lab: Lab, listen: str, new: str) -> None:
    """nginx keeps its site on a socket of its own, and leaves ports 80 and 443 to HAProxy."""
    lab.server.write(site.CONF, f"{site.MAP}\n{site.HTTPS.replace(listen, new)}")
    if "ssl" not in new:
        text = lab.server.read(site.CONF)
        lines = [line for line in text.split("\n") if "ssl_" not in line]
        lab.server.write(site.CONF, "\n".join(lines))
    lab.restart_nginx()


def until_unavailable(lab: Lab) -> None:
    """Wait until HAProxy has no server any more."""
    ask = ["curl", "-sko", "/dev/null", "-w", "%{http_code}", "https://127.0.0.1/"]
    until(lambda: lab.server.run(ask).stdout == "503", "haproxy answers 503")


def hold(lab: Lab, number: int) -> None:
    """Open that many connections to port 443 and keep them."""
    code = (
        "import socket, time\n"
        f"kept = [socket.create_connection(('127.0.0.1', 443)) for _ in range({number})]\n"
        "open('/run/held', 'w').close()\n"
        "time.sleep(600)\n"
    )
    ready = lab.server.path("/run/held")
    lab.spawn(lab.server, lab.server.python("-c", code), ready.exists)
