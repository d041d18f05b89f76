"""A location of nginx for a path that stands in a comment as a whole, and the edit that switches it
on."""

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from diagnose.model import Applicability, Fix
from diagnose.parsers.nginx.commented_blocks import CommentedLocation, commented_locations


def commented_location(nginx: Nginx, path: str) -> tuple[CommentedLocation, Fix] | None:
    """Return the most exact location in a comment that takes the path, with its fix; None if there
    is none, or if several are alike. Whether it was switched off on purpose, a person knows."""
    blocks = {
        id(selected_server.server.block): selected_server.server
        for selected_server in nginx.selected_servers()
    }
    if len(blocks) != 1:
        return None
    (server,) = blocks.values()
    file = nginx.file(server.block)
    locations = commented_locations(file.text, server.block) if file else ()
    taking = [location for location in locations if location.takes(path) and location.path != "/"]
    longest = max((len(each.path) for each in taking), default=0)
    best = [each for each in taking if len(each.path) == longest]
    if len(best) != 1 or any(_is_there(nginx, each, path) for each in best):
        return None
    edit = config_edit(nginx, server.block.file, best[0].edit)
    return (best[0], Fix((edit, *reload_steps(nginx)), Applicability.REVIEW)) if edit else None


def _is_there(nginx: Nginx, location: CommentedLocation, path: str) -> bool:
    """Return whether a location that is in force has the same path: nginx refuses it twice."""
    return any(match.block.args[-1:] == (location.path,) for match in nginx.location_matches(path))
