"""Apache behind nginx on the same server, as panels set it up. nginx passes Apache's error on."""

from .. import apache, site
from ..hosts import until
from ..lab import Lab
from .apache import apache_scenario, healthy_apache

ROOT = "/var/www/behind"
PORTS = "/etc/apache2/ports.conf"
INNER = f"""\
<VirtualHost 127.0.0.1:8080>
    ServerName shop.example.com
    DocumentRoot {ROOT}
    ErrorLog /var/log/apache2/shop.error.log
    ProxyPreserveHost On
    ProxyPass /ws ws://127.0.0.1:3000/ws
    <Directory {ROOT}>
        AllowOverride All
        Require all granted
    </Directory>
</VirtualHost>
"""
HTACCESS = "<IfModule mod_rewrite.c>\nRewriteEngine On\n</IfModule>\n"


def serve(lab: Lab, htaccess: str, virtual_host: str = INNER) -> None:
    text = lab.server.read(site.CONF)
    apache.install(lab, virtual_host, keep_nginx=True)
    lab.server.write(PORTS, "Listen 127.0.0.1:8080\n")
    lab.server.write(f"{ROOT}/index.html", "<!doctype html><title>Shop</title><p>It works.</p>\n")
    lab.server.write(f"{ROOT}/.htaccess", htaccess)
    apache.start(lab, 8080)
    lab.server.write(site.CONF, text.replace("127.0.0.1:3000", "127.0.0.1:8080"))
    lab.start_nginx()
    until(lambda: lab.server.listening(443), "nginx listens")


@apache_scenario(
    outside="http.server-error",
    server="server.failed-behind",
    manual="the .htaccess has to be put right",
)
def htaccess_of_apache_behind_nginx(lab: Lab) -> None:
    """A section of the .htaccess has no end."""
    serve(lab, HTACCESS.replace("</IfModule>", "</IModule>"))


@healthy_apache()
def files_of_apache_behind_nginx(lab: Lab) -> None:
    """nginx ends TLS, Apache serves the files."""
    serve(lab, HTACCESS)
