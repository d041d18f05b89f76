"""Lists of addresses of Apache, Caddy and HAProxy that refuse a visitor, and others that do not."""

from .. import apache, caddy, haproxy
from ..haproxy import BACKEND, GLOBAL, HTTP, HTTPS
from ..lab import CLIENT, Lab
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy
from .server_pages import PAGE

TOLD = f"our customer at {CLIENT} gets 403 Forbidden"
LIST, BLACKLIST = "/etc/apache2/blocklist.conf", "/etc/haproxy/blacklist.lst"
SITE = """\
<VirtualHost *:443>
    ServerName shop.example.com
    DocumentRoot /var/www/shop
    SSLEngine on
    SSLCertificateFile /etc/ssl/lab/shop.pem
    SSLCertificateKeyFile /etc/ssl/lab/shop.key
    ProxyPass /ws ws://127.0.0.1:3000/ws
    <Directory /var/www/shop>
        <RequireAll>
            Require all granted
            Include /etc/apache2/blocklist.conf
        </RequireAll>
    </Directory>
</VirtualHost>
"""


def _apache(lab: Lab, *banned: str) -> None:
    lab.server.write(LIST, "".join(f"Require not ip {network}\n" for network in banned))
    lab.undo(lambda: lab.server.sh(f"rm -f {LIST}"))
    lab.server.write("/var/www/shop/index.html", PAGE)
    apache.serve(lab, f"{SITE}\n{apache.HTTP}")


@apache_scenario(
    outside=None, server="server.visitor-denied", args=(TOLD,), differs=(LIST,), unsure=("client",)
)
def apache_list_has_the_visitor(lab: Lab) -> None:
    """https://httpd.apache.org/docs/2.4/howto/access.html: `Require not ip`."""
    _apache(lab, "192.0.2.44", CLIENT, "192.0.2.128/25")


@apache_scenario(
    outside=None, server="server.visitor-denied", args=(TOLD,), differs=(LIST,), unsure=("client",)
)
def apache_list_has_the_visitors_network(lab: Lab) -> None:
    """The rest of the network stays in the list."""
    _apache(lab, "192.0.2.44", "198.51.100.0/28")


@healthy_apache(args=(TOLD,))
def apache_list_has_others(lab: Lab) -> None:
    _apache(lab, "192.0.2.44", "198.51.100.128/25")


def _caddy(lab: Lab, networks: str) -> None:
    lines = f"\t@banned remote_ip 192.0.2.44 {networks}\n\trespond @banned 403\n"
    caddy.serve(lab, caddy.SHOP.replace("\treverse_proxy", f"{lines}\treverse_proxy"))


@caddy_scenario(
    outside=None, server="server.visitor-denied", args=(TOLD,), differs=(caddy.CONFIG,),
    unsure=("client",),
)  # fmt: skip
def caddy_list_has_the_visitor(lab: Lab) -> None:
    """https://caddyserver.com/docs/caddyfile/matchers: `remote_ip`."""
    _caddy(lab, CLIENT)


@healthy_caddy(args=(TOLD,))
def caddy_list_has_others(lab: Lab) -> None:
    _caddy(lab, "198.51.100.128/25")


def _haproxy(lab: Lab, *banned: str) -> None:
    lab.server.write(BLACKLIST, "".join(f"{network}\n" for network in banned))
    lab.undo(lambda: lab.server.sh(f"rm -f {BLACKLIST}"))
    rule = f"    http-request deny if {{ src -f {BLACKLIST} }}\n"
    haproxy.serve(lab, f"{GLOBAL}\n{HTTP}\n{HTTPS}{rule}\n{BACKEND}")


@haproxy_scenario(
    outside=None, server="server.visitor-denied", args=(TOLD,), differs=(BLACKLIST,),
    unsure=("client",),
)  # fmt: skip
def haproxy_list_has_the_visitor(lab: Lab) -> None:
    """https://docs.haproxy.org/3.0/configuration.html#7.1: `src -f`."""
    _haproxy(lab, "192.0.2.44", CLIENT)


@healthy_haproxy(args=(TOLD,))
def haproxy_list_has_others(lab: Lab) -> None:
    _haproxy(lab, "192.0.2.44", "198.51.100.128/25")
