"""Apache behind nginx, as Plesk, HestiaCP and ISPConfig set both up, and it does not run."""

from .. import apache, site
from ..hosts import until
from ..lab import Lab
from .apache import apache_scenario, healthy_apache

INNER = """\
<VirtualHost 127.0.0.1:8080>
    ServerName shop.example.com
    DocumentRoot /var/www/html
    ProxyPreserveHost On
    ProxyPass /ws ws://127.0.0.1:3000/ws
    ProxyPass / http://127.0.0.1:3000/
    ProxyPassReverse / http://127.0.0.1:3000/
</VirtualHost>
"""


def _behind(lab: Lab, text: str = INNER, port: int = 8080) -> None:
    """nginx has the visitors and passes all to port 8080; Apache is not started."""
    server = lab.server
    server.sh("rm -f /etc/apache2/sites-enabled/*; mkdir -p /var/log/apache2 /var/www/html")
    apache.enable(lab, "proxy", "proxy_http", "proxy_wstunnel")
    server.write("/etc/apache2/conf-enabled/name.conf", "ServerName web1.example.com\n")
    server.write(apache.PORTS, f"Listen 127.0.0.1:{port}\n")
    server.write(apache.SITE, text)
    server.sh("a2ensite -q shop")
    lab.change("127.0.0.1:3000", "127.0.0.1:8080")


@healthy_apache()
def apache_of_a_panel_behind_nginx(lab: Lab) -> None:
    """The same, and Apache runs."""
    _behind(lab)
    lab.server.sh("apachectl start")
    until(lambda: lab.server.listening(8080), "apache listens on 8080")


@apache_scenario(
    outside="http.server-error",
    server="upstream.web-server-stopped",
    differs=("listeners", "processes"),
)
def apache_of_a_panel_is_stopped(lab: Lab) -> None:
    """https://support.plesk.com/hc/en-us/articles/12376908043031: 502 Bad Gateway, Apache is down;
    the remedy there is to start it."""
    _behind(lab)


@apache_scenario(
    outside="http.server-error",
    server="upstream.web-server-stopped",
    manual="correct the word",
    differs=("listeners", "processes", "/etc/apache2/sites-available/shop.conf"),
)
def apache_of_a_panel_refuses_its_configuration(lab: Lab) -> None:
    """A mistake in a site keeps it from starting."""
    _behind(lab, INNER.replace("DocumentRoot", "DocumentRot"))


@apache_scenario(
    outside="http.server-error",
    server="upstream.refused",
    manual="write the application's port",
    differs=(site.CONF,),
)
def apache_of_a_panel_listens_elsewhere(lab: Lab) -> None:
    """Apache is installed and stopped, and has nothing to do with the port that nginx asks."""
    _behind(lab, port=8081)
