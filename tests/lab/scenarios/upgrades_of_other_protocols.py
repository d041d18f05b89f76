"""Clients change over to a protocol that is no WebSocket, through a proxy that may drop the fields.

After https://github.com/tailscale/tailscale/issues/7958 (Headscale behind nginx).
"""

from .. import apache, site
from ..lab import HERE, Lab
from ..scenario import healthy, scenario
from .apache import apache_scenario, healthy_apache
from .frameworks import PAGES

PATH = f"https://{site.NAME}/ts2021"
FOUND = "upstream.upgrade-lost"
UPGRADES = (
    "    proxy_http_version 1.1;\n    proxy_set_header Upgrade $http_upgrade;\n"
    '    proxy_set_header Connection "upgrade";\n'
)
OUTER = "  location / {\n    proxy_pass http://127.0.0.1:3006;\n%s  }\n"
OTHER = "another application has no other pages"
BEHIND = f"{apache.HTTPS}\n{apache.HTTP}".replace("127.0.0.1:3000", "127.0.0.1:3006")


def _program(lab: Lab) -> None:
    argv = lab.server.python(str(HERE / "applications" / "control_server.py"), "3006")
    lab.spawn(lab.server, argv, 3006)


@scenario(outside=None, server=FOUND, target=PATH, manual=OTHER)
def nginx_drops_the_upgrade_to_a_control_protocol(lab: Lab) -> None:
    _program(lab)
    lab.change(PAGES, OUTER % "")


@scenario(outside=None, server=FOUND, manual=OTHER, args=("Tailscale client: login hangs",))
def nginx_drops_the_upgrade_of_which_a_message_speaks(lab: Lab) -> None:
    _program(lab)
    lab.change(PAGES, OUTER % "")


@healthy(target=PATH)
def nginx_passes_the_upgrade_to_a_control_protocol_on(lab: Lab) -> None:
    _program(lab)
    lab.change(PAGES, OUTER % UPGRADES)


@apache_scenario(outside=None, server=FOUND, target=PATH, manual=OTHER)
def apache_drops_the_upgrade_to_a_control_protocol(lab: Lab) -> None:
    _program(lab)
    apache.serve(lab, BEHIND)


@healthy_apache(target=PATH)
def apache_passes_any_upgrade_on(lab: Lab) -> None:
    _program(lab)
    text = BEHIND.replace(":3006/\n    ProxyPassR", ":3006/ upgrade=ANY\n    ProxyPassR")
    apache.serve(lab, text)
