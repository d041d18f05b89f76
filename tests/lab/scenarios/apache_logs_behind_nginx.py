"""Apache behind nginx of the same machine, and the first address of a line of its log."""

from .. import apache, site
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .server_pages import PAGE

WORDS = (
    "in awstats of https://shop.example.com i have 1 visitor with 400.000 pageviews, that visitor"
    " is the IP address of the server",
)
INNER = """\
LogFormat "{} %l %u %t \\"%r\\" %>s %b" visitors

<VirtualHost 127.0.0.1:8080>
    ServerName shop.example.com
    DocumentRoot /var/www/shop
    <Directory /var/www/shop>
        Require all granted
    </Directory>
    CustomLog ${{APACHE_LOG_DIR}}/access.log visitors
</VirtualHost>
"""
FIELDS = """\
proxy_pass http://127.0.0.1:8080;
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
"""
SOCKET = """\
  location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
  }
"""


def _behind_nginx(lab: Lab, first: str) -> None:
    apache.install(lab, INNER.format(first), True)
    lab.server.write(apache.PORTS, "Listen 127.0.0.1:8080\n")
    lab.server.write("/var/www/shop/index.html", PAGE)
    apache.start(lab, 8080)
    own = "listen 443 ssl;\n  server_name shop.example.com;\n"
    lab.server.write(
        site.CONF,
        f"server {{\n  {own}  ssl_certificate {site.PEM};\n"
        f"  ssl_certificate_key {site.KEY};\n  location / {{\n    {FIELDS}  }}\n{SOCKET}}}\n"
        "server {\n  listen 80;\n  server_name shop.example.com;\n"
        "  return 301 https://$host$request_uri;\n}\n",
    )
    lab.restart_nginx()


@apache_scenario(
    outside=None, server="server.visitor-address-lost", args=WORDS,
    differs=(apache.SITE, "/etc/apache2/mods-enabled/remoteip.load"),
)  # fmt: skip
def apache_log_begins_with_the_address_of_nginx(lab: Lab) -> None:
    """https://github.com/engintron/engintron/issues/474."""
    _behind_nginx(lab, "%h %{X-Real-IP}i")


@healthy_apache(args=WORDS)
def apache_log_begins_with_the_field_of_nginx(lab: Lab) -> None:
    _behind_nginx(lab, "%{X-Real-IP}i")
