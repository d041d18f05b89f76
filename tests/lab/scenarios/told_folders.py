"""A server tells the application a folder in a field, the right one or that of before a move (issue
1241 of janeczku/calibre-web)."""

from .. import caddy
from ..lab import HERE, Lab
from ..site import NAME
from .caddy import caddy_scenario, healthy_caddy
from .server_prefixes import serve_caddy

BOOKS = f"https://{NAME}/books/"


def books(lab: Lab, folder: str) -> None:
    program = str(HERE / "applications" / "told_folder_server.py")
    lab.spawn(lab.server, lab.server.python(program, "3001"), 3001)
    field = f"\t\t\theader_up X-Script-Name {folder}\n"
    route = f"handle /books* {{\n\t\treverse_proxy localhost:3001 {{\n{field}\t\t}}\n\t}}"
    serve_caddy(lab, route, "reverse_proxy localhost:3000")


@caddy_scenario(
    outside=None, server="server.other-folder-told", target=BOOKS, differs=(caddy.CONFIG,)
)
def caddy_tells_the_folder_of_before(lab: Lab) -> None:
    """The site has moved the application to another path, and the field has the old one."""
    books(lab, "/calibre")


@healthy_caddy(target=BOOKS)
def caddy_tells_the_folder_of_visitors(lab: Lab) -> None:
    """The same with the folder of visitors."""
    books(lab, "/books")
