"""A web server behind another one on the same machine, without a site for the visitor's name."""

from .. import apache, caddy, haproxy, site
from ..hosts import until
from ..lab import Lab
from ..web_servers import keep_only
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy
from .server_failed_behind import INNER, PORTS, ROOT

CHECK = "server.inner-name-missing"
INSIDE = "\tbind 127.0.0.1\n\treverse_proxy 127.0.0.1:3000\n"


def _caddy(lab: Lab, address: str) -> None:
    """Caddy behind nginx, with a site at this address."""
    text = lab.server.read(site.CONF)
    caddy.install(lab, f"{address} {{\n{INSIDE}}}\n", keep_nginx=True)
    caddy.start(lab, 3333)
    lab.server.write(site.CONF, text.replace("127.0.0.1:3000", "127.0.0.1:3333"))
    lab.restart_nginx()


def _caddy_behind_haproxy(lab: Lab, address: str) -> None:
    lab.stop_nginx()
    keep_only(lab, "caddy", "haproxy")
    lab.undo(lambda: lab.server.sh(f"rm -rf {caddy.HOME} {caddy.STORED}"))
    lab.server.sh(f"mkdir -p {caddy.HOME} /run/haproxy /etc/ssl/lab")
    lab.server.write(caddy.CONFIG, f"{caddy.OPTIONS}{address} {{\n{INSIDE}}}\n")
    caddy.start(lab, 3333)
    lab.server.write(haproxy.PEM, haproxy.bundle(), 0o600)
    lab.server.write(haproxy.CONFIG, haproxy.SITE.replace("127.0.0.1:3000", "127.0.0.1:3333"))
    haproxy.start(lab)


@caddy_scenario(outside=None, server=CHECK, differs=(caddy.CONFIG,))
def caddy_behind_haproxy_has_another_name(lab: Lab) -> None:
    """After https://github.com/caddyserver/caddy/issues/2154: `lcoalhost`."""
    _caddy_behind_haproxy(lab, "http://lcoalhost:3333")


@caddy_scenario(outside=None, server=CHECK, differs=(caddy.CONFIG,))
def caddy_behind_nginx_has_another_name(lab: Lab) -> None:
    _caddy(lab, "http://localhost:3333")


@healthy_caddy()
def caddy_behind_haproxy_has_every_name(lab: Lab) -> None:
    _caddy_behind_haproxy(lab, "http://:3333")


@healthy_caddy()
def caddy_behind_nginx_has_the_name_beside_another(lab: Lab) -> None:
    _caddy(lab, f"http://localhost:3333, http://{site.NAME}:3333")


FIRST = """\
<VirtualHost 127.0.0.1:8080>
    ServerName first.example.com
    <Location />
        Require all denied
    </Location>
</VirtualHost>
"""


def _apache(lab: Lab, name: str) -> None:
    """Apache behind nginx: the first virtual host lets nobody in."""
    text = lab.server.read(site.CONF)
    own = INNER.replace("ServerName shop.example.com", f"ServerName {name}")
    apache.install(lab, f"{FIRST}{own}", keep_nginx=True)
    lab.server.write(PORTS, "Listen 127.0.0.1:8080\n")
    lab.server.write(f"{ROOT}/index.html", "<!doctype html><title>Shop</title><p>It works.</p>\n")
    apache.start(lab, 8080)
    lab.server.write(site.CONF, text.replace("127.0.0.1:3000", "127.0.0.1:8080"))
    lab.start_nginx()
    until(lambda: lab.server.listening(443), "nginx listens")


@apache_scenario(outside=None, server=CHECK, differs=(apache.SITE,))
def apache_behind_nginx_has_a_misspelled_name(lab: Lab) -> None:
    _apache(lab, "shopp.example.com")


@healthy_apache()
def apache_behind_nginx_has_the_name_in_its_second_site(lab: Lab) -> None:
    _apache(lab, site.NAME)


BLOCKS = """\
server {
  listen 127.0.0.1:8080;
  server_name _;
  return 404;
}
server {
  listen 127.0.0.1:8080;
  server_name NAME;
  location / {
    proxy_pass http://127.0.0.1:3000;
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-Proto https;
  }
  location /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Host $host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
  }
}
"""


def _nginx(lab: Lab, name: str) -> None:
    """nginx behind HAProxy, with a default block that has no site."""
    lab.stop_nginx()
    keep_only(lab, "nginx", "haproxy")
    lab.server.sh("mkdir -p /run/haproxy /etc/ssl/lab")
    lab.server.write(site.CONF, BLOCKS.replace("NAME", name))
    lab.start_nginx()
    lab.server.write(haproxy.PEM, haproxy.bundle(), 0o600)
    lab.server.write(haproxy.CONFIG, haproxy.SITE.replace("127.0.0.1:3000", "127.0.0.1:8080"))
    haproxy.start(lab)


@haproxy_scenario(outside=None, server=CHECK, differs=(site.CONF,))
def nginx_behind_haproxy_has_another_name(lab: Lab) -> None:
    _nginx(lab, "shopp.example.com")


@haproxy_scenario(outside=None, server=CHECK, differs=(site.CONF,))
def nginx_behind_haproxy_has_an_inner_name(lab: Lab) -> None:
    _nginx(lab, "localhost")


@healthy_haproxy()
def nginx_behind_haproxy_has_the_name(lab: Lab) -> None:
    _nginx(lab, site.NAME)
