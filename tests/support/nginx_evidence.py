"""What tests of nginx's checks say: a configuration as text, and what was seen beside it."""

from diagnose.model import Host, Vantage
from diagnose.model.http import Upgrade, UpgradeVariant
from diagnose.model.nginx import (
    ConfigFile,
    NginxBuild,
    NginxConfig,
    NginxProcess,
    NginxState,
    NginxTest,
)
from diagnose.parsers.nginx import config as nginx_parser

FILE = "/etc/nginx/nginx.conf"
#: When nginx last loaded its configuration, in seconds since the epoch.
LOADED = 1_000_000.0

HOST = Host(vantage=Vantage.SERVER, hostname="shop", privileged=True)
SYSTEMD = Host(vantage=Vantage.SERVER, hostname="shop", privileged=True, manager="systemd")
BUILD = NginxBuild(
    vantage=Vantage.SERVER,
    binary="/usr/sbin/nginx",
    version="nginx/1.26.3",
    arguments=("--with-http_ssl_module",),
    config=FILE,
)
WITHOUT_SSL = NginxBuild(
    vantage=Vantage.SERVER,
    binary="/usr/local/nginx/sbin/nginx",
    version="nginx/1.26.3",
    arguments=("--prefix=/usr/local/nginx",),
    config=FILE,
)
RUNNING = NginxState(
    vantage=Vantage.SERVER,
    installed=True,
    masters=(NginxProcess(pid=7, binary="/usr/sbin/nginx", loaded=LOADED),),
)
STOPPED = NginxState(vantage=Vantage.SERVER, installed=True)

SITE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    ssl_certificate shop.pem;
    ssl_certificate_key shop.key;

    location / {
        proxy_pass http://127.0.0.1:3000;
        proxy_set_header Host $host;
    }
}
"""


def config(text: str = SITE, changed: float = LOADED - 60) -> NginxConfig:
    """A configuration in one file; what stands in it stands inside http."""
    whole = f"http {{\n{text}}}\n"
    return NginxConfig(
        vantage=Vantage.SERVER,
        path=FILE,
        main=nginx_parser.parse(whole, FILE),
        files=(ConfigFile(FILE, whole, changed),),
    )


def nginx_says(*lines: str) -> NginxTest:
    """`nginx -t`: passed if it said nothing."""
    return NginxTest(
        vantage=Vantage.SERVER,
        binary="/usr/sbin/nginx",
        passed=not lines,
        messages=nginx_parser.messages("\n".join(f"nginx: [emerg] {line}" for line in lines)),
        config=FILE,
    )


def front(status: int | None, path: str = "/ws") -> Upgrade:
    """A handshake through the site's own door."""
    return Upgrade(
        url=f"wss://shop.example.com{path}",
        path=path,
        address="203.0.113.10",
        port=443,
        status=status,
        accepted=status == 101,
    )


def direct(status: int | None, path: str = "/ws", variant: UpgradeVariant = "normal") -> Upgrade:
    """A handshake with the application itself."""
    return Upgrade(
        vantage=Vantage.SERVER,
        url=f"ws://shop.example.com{path}",
        path=path,
        address="127.0.0.1",
        port=3000,
        through="application",
        variant=variant,
        status=status,
        accepted=status == 101,
    )
