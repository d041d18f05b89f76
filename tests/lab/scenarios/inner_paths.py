"""The site has an application below a folder, and the application keeps a part of the path.

After questions on Stack Overflow about `location /app/api` in front of a program that has "/api".
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .taken_paths import HOME, PAGES

MINE = (site.CONF,)
STATUS = f"{HOME}/chat/api/status"


def _chat(lab: Lab, location: str, *paths: str) -> None:
    lab.spawn(lab.server, lab.server.application("paths_server", "3001", *paths), 3001)
    lab.change(PAGES, f"  {location}\n{PAGES}")


@scenario(outside=None, server="upstream.prefix-kept-in-part", target=STATUS, differs=MINE)
def part_of_the_prefix_is_the_applications(lab: Lab) -> None:
    _chat(lab, "location /chat/api { proxy_pass http://127.0.0.1:3001; }", "/api/status:json")


@scenario(outside=None, server="upstream.prefix-kept-in-part", target=STATUS, differs=MINE)
def part_of_the_prefix_is_taken_off_with_the_rest(lab: Lab) -> None:
    _chat(lab, "location /chat/api/ { proxy_pass http://127.0.0.1:3001/; }", "/api/status:json")


@healthy(target=STATUS)
def part_of_the_prefix_is_kept(lab: Lab) -> None:
    _chat(lab, "location /chat/api { proxy_pass http://127.0.0.1:3001/api; }", "/api/status:json")


@healthy(target=STATUS)
def path_below_several_folders_is_not_there(lab: Lab) -> None:
    """404 is right: the application has it nowhere."""
    _chat(lab, "location /chat/api { proxy_pass http://127.0.0.1:3001; }", "/api/users:json")
