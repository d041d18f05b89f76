"""An application behind nginx on a port of its own, which redirects without that port."""

from .. import site
from ..lab import HERE, Lab
from ..scenario import healthy, scenario
from .firewall import firewalld

TARGET = f"http://{site.NAME}:9527/"


def serve(lab: Lab, host: str) -> None:
    """The application on port 9527, with this Host. Port 80 does not have its login."""
    firewalld(lab, "--zone=public --add-port=9527/tcp")
    options = ("--port", "3001", "--mode", "ignores-the-scheme")
    lab.spawn(lab.server, lab.server.python(str(HERE / "application.py"), *options), 3001)
    other = site.HTTP.replace(
        "  location / {", "  location = /login {\n    return 404;\n  }\n  location / {"
    )
    own = f"""\
server {{
  listen 9527;
  server_name {site.NAME};
  location / {{
    proxy_pass http://127.0.0.1:3001;
    proxy_set_header Host {host};
    proxy_set_header X-Real-IP $remote_addr;
  }}
}}
"""
    lab.server.write(site.CONF, f"{site.MAP}\n{site.HTTPS}\n{other}\n{own}")
    lab.reload()


@scenario(outside="http.redirect-wrong-host", target=TARGET, differs=(site.CONF,))
def application_is_told_no_port(lab: Lab) -> None:
    """https://github.com/oneinstack/oneinstack/issues/80: `$host` has no port, and at the
    usual port the site is not."""
    serve(lab, "$host")


@healthy(target=TARGET)
def application_is_told_its_port(lab: Lab) -> None:
    serve(lab, "$host:$server_port")
