"""Caddy in nginx's place on the laboratory's server, with the paths of its packages."""

import shutil

from . import certificates
from .hosts import PATH, until
from .lab import Lab
from .web_servers import keep_only

CONFIG = "/etc/caddy/Caddyfile"
PEM, KEY = "/etc/ssl/lab/shop.pem", "/etc/ssl/lab/shop.key"
SHOP = f"""\
shop.example.com {{
	tls {PEM} {KEY}
	reverse_proxy 127.0.0.1:3000
}}
"""
OTHER = """\
http://aaa.example.org {
	respond "hello"
}
"""
#: Where Caddy stores its own.
HOME = "/run/caddy-home"
#: And where one stores it that a remedy has started.
STORED = "/root/.local/share/caddy /root/.config/caddy /var/lib/caddy/.local"
#: Caddy keeps to IPv4, as nginx does here, and its authority is not trusted by the server.
OPTIONS = """\
{
	default_bind tcp4/0.0.0.0
	skip_install_trust
}
"""


def needs_caddy() -> str:
    """Why Caddy cannot be played here; "" if it can."""
    return "" if shutil.which("caddy", path=PATH) else "caddy is not here"


def install(lab: Lab, text: str = SHOP, keep_nginx: bool = False) -> None:
    """Write Caddy's files and stop nginx, which goes from this server unless it is kept."""
    server = lab.server
    lab.stop_nginx()
    # What Caddy stores goes again: its certificates would be those of the next scenario's site.
    server.sh(f"mkdir -p {HOME}")
    lab.undo(lambda: server.sh(f"rm -rf {HOME} {STORED}"))
    keep_only(lab, "caddy", *(["nginx"] if keep_nginx else []))
    good = certificates.good()
    server.write(PEM, good.chain)
    server.write(KEY, good.key_pem, 0o600)
    server.write(CONFIG, OPTIONS + text)


def start(lab: Lab, *ports: int) -> None:
    """Start Caddy, and wait until it listens on these ports."""
    lab.server.sh(f"HOME={HOME} caddy start --config {CONFIG} --adapter caddyfile >/dev/null 2>&1")
    for port in ports or (80, 443):
        until(lambda port=port: lab.server.listening(port), f"caddy listens on {port}")  # type: ignore[misc]


def serve(lab: Lab, text: str = SHOP, *ports: int) -> None:
    """Caddy with this site, running."""
    install(lab, text)
    start(lab, *ports)


def edit(lab: Lab, old: str, new: str) -> None:
    """In the file only: Caddy does not hear of it."""
    text = lab.server.read(CONFIG)
    assert old in text, f"{CONFIG} has no {old!r}"
    lab.server.write(CONFIG, text.replace(old, new))
