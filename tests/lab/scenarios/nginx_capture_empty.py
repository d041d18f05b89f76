"""Scenarios of nginx.capture-empty."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import PAGES

TEA = f"https://{site.NAME}/media/v7/tea.html"


def _media(lab: Lab, group: str) -> None:
    """Pictures have a version in their address, which a rewrite takes away."""
    lab.server.write("/srv/files/tea.html", "<!doctype html><title>Tea</title><p>Tea\n")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/files"))
    rule = f"rewrite ^/media/v[0-9]+/(.*)$ /files/{group} break;"
    lab.change(PAGES, f"  location /media/ {{\n    {rule}\n    root /srv;\n  }}\n\n{PAGES}")


@scenario(outside=None, server="nginx.capture-empty", target=TEA, differs=(site.CONF,))
def rewrite_names_a_group_that_is_not_there(lab: Lab) -> None:
    _media(lab, "$2")


@healthy(target=TEA)
def rewrite_names_its_group(lab: Lab) -> None:
    _media(lab, "$1")
