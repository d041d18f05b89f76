"""Scenarios of what a remedy says of the file that it edits."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

SNIPPET = "/etc/nginx/snippets/shop-ws.conf"
UPGRADE = """\
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
"""
GENERATED = "# DO NOT MODIFY THIS FILE! CHANGES WILL BE LOST WHEN THE SITE IS REBUILT\n"
BLOG = f"""\
server {{
  listen 443 ssl;
  server_name blog.example.com;
  ssl_certificate {site.PEM};
  ssl_certificate_key {site.KEY};
  include {SNIPPET};
}}
"""


def snippet(lab: Lab, *, upgrade: bool, head: str = "") -> None:
    """The location of the WebSocket, in a file of its own."""
    text = lab.server.read(site.CONF)
    start = text.index("  location /ws {")
    stop = text.index("  }\n", start) + 4
    location = text[start:stop]
    lab.server.write(SNIPPET, head + (location if upgrade else location.replace(UPGRADE, "")))
    lab.server.write(site.CONF, f"{text[:start]}  include {SNIPPET};\n{text[stop:]}")


@scenario(outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing")
def websocket_location_of_two_sites(lab: Lab) -> None:
    """A snippet that another site includes too: the edit is for review."""
    snippet(lab, upgrade=False)
    lab.configure(BLOG, "/etc/nginx/conf.d/blog.conf")


@scenario(outside="websocket.not-upgraded", server="websocket.upgrade-headers-missing")
def websocket_location_of_a_generated_file(lab: Lab) -> None:
    """The file says that a program writes it."""
    snippet(lab, upgrade=False, head=GENERATED)
    lab.reload()


@healthy(args=("--ws", "/ws"))
def websocket_location_of_two_sites_that_works(lab: Lab) -> None:
    """The same files, whole."""
    snippet(lab, upgrade=True, head=GENERATED)
    lab.configure(BLOG, "/etc/nginx/conf.d/blog.conf")
