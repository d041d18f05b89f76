"""Scenarios of nginx.rewrite-leaves-location."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import PAGES

ITEMS = f"https://{site.NAME}/console/items"


def _console(lab: Lab, word: str) -> None:
    """Two applications, and a rule that cuts the prefix of the second off."""
    lab.spawn(lab.server, lab.server.application("paths_server", "3001", "/items"), 3001)
    rule = f"rewrite ^/console/(.*)$ /$1 {word};"
    console = (
        f"  location /console/ {{\n    {rule}\n    proxy_pass http://127.0.0.1:3001;\n  }}\n\n"
    )
    lab.spawn(lab.server, lab.server.application("paths_server", "3009", "/"), 3009)
    front = "  location / {\n    proxy_pass http://127.0.0.1:3009;\n  }\n"
    lab.change(PAGES, console + front)


@scenario(outside=None, server="nginx.rewrite-leaves-location", target=ITEMS, differs=(site.CONF,))
def rule_of_a_location_leads_to_another(lab: Lab) -> None:
    """MinIO's console below a path, with `last` in the place of `break`."""
    _console(lab, "last")


@healthy(target=ITEMS)
def rule_of_a_location_stays_in_it(lab: Lab) -> None:
    _console(lab, "break")
