"""A site whose https is at a port of its own: browsers write the port into Host and Origin.

After https://github.com/1Panel-dev/1Panel/issues/1508: code-server behind `Host $host` at port 86.
"""

from .. import caddy, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .caddy import caddy_scenario, healthy_caddy

PLAIN = ("--method", "GET")
OTHER = "the laboratory's own page is on 443"
CHAT = f"wss://{site.NAME}:8443/live"
PAGE = "<script>new WebSocket(base + '/live')</script>"
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.rindex("}")]


def _chat(lab: Lab, page: str = PAGE) -> None:
    for words in ((), ("--permanent",)):
        lab.server.run(["firewall-cmd", *words, "--add-port=8443/tcp"], check=True)
    argv = ("--port", "3001", "--own-origin", "--page", page)
    lab.spawn(lab.server, lab.server.application("chat_server", *argv), 3001)


def _passed(host: str) -> str:
    return (
        f"  location / {{\n    proxy_pass http://127.0.0.1:3001;\n{host}"
        "    proxy_http_version 1.1;\n    proxy_set_header Upgrade $http_upgrade;\n"
        "    proxy_set_header Connection $connection_upgrade;\n  }\n"
    )


def _by_nginx(lab: Lab, host: str, page: str = PAGE) -> None:
    """Nothing is at the usual port."""
    _chat(lab, page)
    lab.edit("listen 443 ssl", "listen 8443 ssl")
    lab.edit(site.HTTP, "")
    lab.change(PAGES, _passed(host))


@scenario(outside="websocket.origin-refused", target=CHAT, args=PLAIN, manual=OTHER)
def host_loses_the_own_port(lab: Lab) -> None:
    _by_nginx(lab, "    proxy_set_header Host $host;\n")


@scenario(outside="websocket.origin-refused", target=CHAT, args=PLAIN, manual=OTHER)
def name_of_the_block_as_host_at_an_own_port(lab: Lab) -> None:
    _by_nginx(lab, "    proxy_set_header Host $server_name;\n")


@scenario(outside="websocket.origin-refused", target=CHAT, args=PLAIN, manual=OTHER)
def host_loses_the_own_port_beside_another_site(lab: Lab) -> None:
    """The usual port has a page of its own, with a program."""
    _by_nginx(lab, "    proxy_set_header Host $host;\n")
    lab.server.write("/srv/other/index.html", "<h1>Photos</h1><script>show('photos')</script>\n")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/other"))
    text = lab.server.read(site.CONF)
    certificate = text[text.index("  ssl_certificate ") : text.index("  ssl_session_timeout")]
    block = f"  server_name {site.NAME};\n{certificate}  root /srv/other;\n"
    lab.change(text, f"{text}\nserver {{\n  listen 443 ssl;\n{block}}}\n")


@healthy(target=CHAT)
def host_keeps_the_own_port(lab: Lab) -> None:
    _by_nginx(lab, "    proxy_set_header Host $http_host;\n")


@healthy(target=CHAT)
def socket_at_an_own_port_for_pages_of_the_usual_one(lab: Lab) -> None:
    """Nothing but the WebSocket is at the port, and a greeting."""
    _by_nginx(lab, "    proxy_set_header Host $host;\n", "<p>The sockets of the shop.")


SITE = """\
shop.example.com:8443 {{
\ttls {pem} {key}
\treverse_proxy 127.0.0.1:3001{lines}
}}
"""
LINES = " {\n\t\theader_up Host {host}\n\t}"


@caddy_scenario(outside="websocket.origin-refused", target=CHAT, args=PLAIN, manual=OTHER)
def caddy_loses_the_own_port(lab: Lab) -> None:
    _chat(lab)
    caddy.serve(lab, SITE.format(pem=caddy.PEM, key=caddy.KEY, lines=LINES), 8443)


@healthy_caddy(target=CHAT)
def caddy_keeps_the_own_port(lab: Lab) -> None:
    _chat(lab)
    caddy.serve(lab, SITE.format(pem=caddy.PEM, key=caddy.KEY, lines=""), 8443)
