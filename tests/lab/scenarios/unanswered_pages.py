"""What a run does not reach is neither healthy nor wrong."""

from .. import apache, site
from ..lab import Lab
from ..scenario import Side, healthy, scenario
from .apache import FILES, apache_scenario, healthy_apache

BOTH: tuple[Side, ...] = ("client", "server", "both")
ONWARD = """\
server {
  listen 80;
  server_name shop.example.com;
  return 302 https://%s;
}
"""


def _leads(lab: Lab, place: str) -> None:
    lab.configure(ONWARD % place)
    lab.restart_nginx()


@healthy(target=f"http://{site.NAME}/", unsure=BOTH)
def redirect_to_a_name_that_the_resolver_refuses(lab: Lab) -> None:
    """The resolver answers REFUSED for the name: whether the page is there is not known."""
    _leads(lab, "www.example.net$request_uri")


@healthy(target=f"http://{site.NAME}/")
def redirect_to_a_login_that_the_resolver_refuses(lab: Lab) -> None:
    """The login of a provider leads back: the site has answered."""
    _leads(lab, f"id.example.net/auth?client_id=shop&redirect_uri=http%3A%2F%2F{site.NAME}%2Fback")


POLL = (
    "require('http').createServer((request, response) => setTimeout(() => response.end('[]'), "
    "request.url.startsWith('/poll') ? 40000 : 0)).listen(3009, '127.0.0.1');"
)


@healthy(target=f"https://{site.NAME}/poll?since=4", unsure=BOTH)
def page_waits_for_an_event(lab: Lab) -> None:
    """RFC 6202, long polling: the server answers when something happens."""
    lab.spawn(lab.server, ["node", "-e", POLL], 3009)
    lab.edit(
        "  location / {",
        "  location /poll {\n    proxy_pass http://127.0.0.1:3009;\n  }\n\n  location / {",
    )
    lab.reload()


@scenario(
    outside="tcp.refused",
    server="listener.missing",
    args=("timed out 8448",),
    manual="which program should have the port",
)
def port_in_the_words_alone(lab: Lab) -> None:
    """The words name the port of a program beside the site, which does not run."""
    lab.server.run(["firewall-cmd", "--permanent", "--add-port=8448/tcp"])
    lab.server.run(["firewall-cmd", "--reload"])


LEADING = """\
<VirtualHost *:80>
    ServerName shop.example.com
    RewriteEngine On
    RewriteCond %{HTTPS} off
    RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
    ProxyPreserveHost On
    ProxyPass /ws ws://127.0.0.1:3000/ws
    ProxyPass / http://127.0.0.1:3000/
    ProxyPassReverse / http://127.0.0.1:3000/
</VirtualHost>
"""


@apache_scenario(outside="tls.plain-http", server="server.tls-off", differs=FILES[:1])
def apache_leads_to_https_without_a_site_there(lab: Lab) -> None:
    """https://github.com/geerlingguy/drupal-vm/issues/1080: all is led to https, and no virtual
    host has port 443."""
    apache.serve(lab, LEADING)


@healthy_apache()
def apache_leads_to_https_with_a_site_there(lab: Lab) -> None:
    apache.serve(lab, apache.HTTPS + LEADING)
