"""Apache in nginx's place on the laboratory's server, with Debian's layout."""

import re
import shutil

from . import certificates
from .hosts import PATH, until
from .lab import Lab
from .web_servers import keep_only

SITE = "/etc/apache2/sites-available/shop.conf"
PORTS = "/etc/apache2/ports.conf"
PEM, KEY = "/etc/ssl/lab/shop.pem", "/etc/ssl/lab/shop.key"
MODULES = (
    "ssl", "socache_shmcb", "proxy", "proxy_http", "proxy_wstunnel", "rewrite", "headers", "alias",
)  # fmt: skip

HTTPS = f"""\
<VirtualHost *:443>
    ServerName shop.example.com
    DocumentRoot /var/www/html

    SSLEngine on
    SSLCertificateFile {PEM}
    SSLCertificateKeyFile {KEY}

    ProxyPreserveHost On
    ProxyPass /ws ws://127.0.0.1:3000/ws
    ProxyPass / http://127.0.0.1:3000/
    ProxyPassReverse / http://127.0.0.1:3000/
    RequestHeader set X-Forwarded-Proto https
</VirtualHost>
"""
HTTP = """\
<VirtualHost *:80>
    ServerName shop.example.com
    Redirect permanent / https://shop.example.com/
</VirtualHost>
"""
OTHER = """\
<VirtualHost *:80>
    ServerName aaa.example.org
    DocumentRoot /var/www/html
</VirtualHost>
"""


def needs_apache() -> str:
    """Why Apache cannot be played here; "" if it can."""
    return "" if shutil.which("apache2", path=PATH) else "apache2 is not here"


def install(lab: Lab, text: str = f"{HTTPS}\n{HTTP}", keep_nginx: bool = False) -> None:
    """Write Apache's files and stop nginx, which goes from this server unless it is kept."""
    server = lab.server
    lab.stop_nginx()
    keep_only(lab, "apache2", *(["nginx"] if keep_nginx else []))
    good = certificates.good()
    server.sh("rm -f /etc/apache2/sites-enabled/*; mkdir -p /var/log/apache2 /var/www/html")
    server.write("/etc/apache2/conf-enabled/name.conf", "ServerName web1.example.com\n")
    ports = server.read(PORTS)
    server.write(
        PORTS, re.sub(r"Listen (\d+)", r"Listen 0.0.0.0:\1", ports)
    )  # as nginx listens here
    server.write(PEM, good.chain)
    server.write(KEY, good.key_pem, 0o600)
    server.write(SITE, text)
    enable(lab, *MODULES)
    server.sh("a2ensite -q shop")


def enable(lab: Lab, *modules: str) -> None:
    lab.server.run(["a2enmod", "-q", *modules], check=True)


def disable(lab: Lab, *modules: str) -> None:
    lab.server.run(["a2dismod", "-q", "-f", *modules], check=True)


def start(lab: Lab, *ports: int) -> None:
    """Start Apache, and wait until it listens on these ports."""
    lab.server.run(["apachectl", "start"], check=True)
    for port in ports or (80, 443):
        until(lambda port=port: lab.server.listening(port), f"apache listens on {port}")  # type: ignore[misc]


def serve(lab: Lab, text: str = f"{HTTPS}\n{HTTP}", *ports: int) -> None:
    """Apache with this site, running."""
    install(lab, text)
    start(lab, *ports)


def edit(lab: Lab, old: str, new: str, path: str = SITE) -> None:
    """In the file only: Apache does not hear of it."""
    text = lab.server.read(path)
    assert old in text, f"{path} has no {old!r}"
    lab.server.write(path, text.replace(old, new))
