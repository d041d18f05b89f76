"""An application that learns the port of its visitors by X-Forwarded-Port alone."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .firewall import firewalld

TARGET = f"https://{site.NAME}:8443/"
PORT = "    proxy_set_header X-Forwarded-Port $server_port;\n"


def serve(lab: Lab, line: str, host: str = "$host") -> None:
    """The application is at port 8443, and its first page redirects to its login. Another site of
    the same name, at port 443, has no such page."""
    firewalld(lab, "--zone=public --add-port=8443/tcp")
    server = lab.server
    lab.spawn(server, server.application("addressed_server", "base-href", "3001"), 3001)
    page = "  location / {"
    none = "  location = /login {\n    return 404;\n  }\n"
    other = site.HTTPS.replace(page, f"{none}{page}")
    own = f"""\
server {{
  listen 8443 ssl;
  server_name {site.NAME};
  ssl_certificate /etc/nginx/ssl/{site.NAME}.pem;
  ssl_certificate_key /etc/nginx/ssl/{site.NAME}.key;
  location / {{
    proxy_pass http://127.0.0.1:3001;
    proxy_set_header Host {host};
{line}    proxy_set_header X-Forwarded-Proto $scheme;
  }}
}}
"""
    server.write(site.CONF, f"{site.MAP}\n{other}\n{site.HTTP}\n{own}")
    lab.reload()


@scenario(outside="http.redirect-wrong-host", target=TARGET, differs=(site.CONF,))
def application_is_told_no_forwarded_port(lab: Lab) -> None:
    """https://github.com/jamebal/jmal-cloud-view/issues/90: the redirect has no port."""
    serve(lab, "")


@healthy(target=TARGET)
def application_is_told_the_forwarded_port(lab: Lab) -> None:
    serve(lab, PORT)


@healthy(target=TARGET)
def application_is_told_the_port_in_its_host(lab: Lab) -> None:
    serve(lab, "", "$http_host")
