"""Apache or HAProxy behind another server of the machine refuses by that server's address."""

from .. import apache, haproxy, site
from ..haproxy import BACKEND, GLOBAL, HTTP, HTTPS, PEM
from ..lab import Lab
from .apache import apache_scenario
from .haproxy import haproxy_scenario
from .server_pages import PAGE

#: The addresses of visitors and of the server itself.
NETWORKS = "203.0.113.0/24 198.51.100.0/24 192.0.2.0/24"
INNER = """\
<VirtualHost *:8080>
    ServerName shop.example.com
    DocumentRoot /var/www/shop
    ProxyPass /ws ws://127.0.0.1:3000/ws
    <Directory /var/www/shop>
        Require ip {}
    </Directory>
</VirtualHost>
"""


def _apache_behind_haproxy(lab: Lab, networks: str) -> None:
    apache.install(lab, INNER.format(networks))
    lab.server.write("/etc/apache2/ports.conf", "Listen 127.0.0.1:8080\n")
    lab.server.write("/var/www/shop/index.html", PAGE)
    apache.start(lab, 8080)
    program = "/usr/sbin/haproxy"
    lab.server.sh(f"mv {program}.away {program}; mkdir -p /run/haproxy")
    lab.undo(lambda: lab.server.sh(f"mv {program} {program}.away"))
    lab.server.write(PEM, haproxy.bundle(), 0o600)
    backend = BACKEND.replace("3000", "8080")
    lab.server.write(haproxy.CONFIG, f"{GLOBAL}\n{HTTP}\n{HTTPS}\n{backend}")
    haproxy.start(lab)


@apache_scenario(
    outside=None,
    server="server.front-address-denied",
    differs=(apache.SITE, "/etc/apache2/mods-enabled/remoteip.load"),
)
def apache_refuses_haproxy_in_front(lab: Lab) -> None:
    """https://github.com/tutumcloud/haproxy/issues/121: a list of addresses behind HAProxy."""
    _apache_behind_haproxy(lab, NETWORKS)


@haproxy_scenario(
    outside=None,
    server="server.front-address-denied",
    differs=(haproxy.CONFIG,),
)
def haproxy_refuses_nginx_in_front(lab: Lab) -> None:
    """https://github.com/miraheze/puppet/pull/4310: `src` is the address of the proxy in front."""
    rules = f"    acl trusted src {NETWORKS}\n    http-request deny unless trusted\n"
    web = f"frontend web\n    bind 127.0.0.1:8080\n{rules}    default_backend app\n"
    haproxy.install(lab, f"{GLOBAL}\n{web}\n{BACKEND}", keep_nginx=True)
    upgrade = "    proxy_set_header Upgrade $http_upgrade;\n"
    field = "    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n"
    text = site.configuration().replace(":3000", ":8080").replace(upgrade, upgrade + field)
    lab.server.write(site.CONF, text)
    lab.restart_nginx()
    haproxy.start(lab, 8080)
