"""The default block over IPv4 is not the one over IPv6.

From https://github.com/NginxProxyManager/nginx-proxy-manager/issues/1347: the line of IPv4 alone
has `default_server`.
"""

from tests.lab import site
from tests.lab.lab import Lab
from tests.lab.scenario import healthy, scenario
from tests.lab.scenarios.nginx import MINE

WELCOME = "/etc/nginx/conf.d/a-welcome.conf"
BLOCK = """\
server {
  listen 443 ssl;
  listen [::]:443 ssl;
  server_name welcome.localhost;
  ssl_certificate /etc/nginx/ssl/shop.example.com.pem;
  ssl_certificate_key /etc/nginx/ssl/shop.example.com.key;
  default_type text/html;
  return 200 "<title>Congratulations!</title>";
}
"""


def _nameless(lab: Lab, over_ipv6: str) -> None:
    lab.undo(lambda: lab.server.sh(f"rm -f {WELCOME}"))
    lab.server.write(WELCOME, BLOCK)
    text = lab.server.read(site.CONF)
    text = text.replace("listen 443 ssl;", "listen 443 ssl default_server;")
    text = text.replace("listen [::]:443 ssl;", f"listen [::]:443 ssl{over_ipv6};")
    before, listen, after = text.partition("listen 443 ssl default_server;")
    after = after.replace("server_name shop.example.com;", "server_name default.localhost;", 1)
    lab.server.write(site.CONF, f"{before}{listen}{after}")
    lab.restart_nginx()


@scenario(outside=None, server="nginx.default-by-family", differs=MINE, ipv6=True)
def default_server_over_ipv4_alone(lab: Lab) -> None:
    _nameless(lab, "")


@healthy(ipv6=True)
def default_server_over_both(lab: Lab) -> None:
    _nameless(lab, " default_server")
