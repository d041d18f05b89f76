"""`location = /` where `location /` is meant: it is the only way to the program of the site."""

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from checks.nginx._repairs import replaced
from diagnose.model import Applicability, Fix
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.locations import PASS_DIRECTIVES


def prefix_fix(nginx: Nginx, server: Directive, passing: Directive) -> Fix | None:
    """Take the `=` away, if the location of the home page alone leads to the line that passes
    requests on; None if another location does, or a `location /` is there."""
    locations = children(server, "location")
    exact = [location for location in locations if location.args == ("=", "/")]
    if len(exact) != 1 or any(location.args == ("/",) for location in locations):
        return None
    named = {
        location.args[0]: location
        for location in locations
        if location.args[:1] and location.args[0][:1] == "@"
    }
    leading = [location for location in locations if _leads(location, passing, named)]
    if leading != exact:
        return None
    edited = config_edits(
        nginx, {path: [change] for path, change in replaced(nginx, exact[0], "= /", "/")}
    )
    return Fix((*edited, *reload_steps(nginx)), Applicability.REVIEW) if edited else None


def _leads(location: Directive, passing: Directive, named: dict[str, Directive]) -> bool:
    """Return whether a location that is no named one passes requests on to the same place, itself
    or by the named location at the end of its `try_files`."""
    if location.args[:1] and location.args[0] in named:
        return False
    blocks = [location]
    blocks += [
        named[line.args[-1]]
        for line in children(location, "try_files")
        if line.args and line.args[-1] in named
    ]
    return any(
        line.name in PASS_DIRECTIVES and line.args == passing.args
        for block in blocks
        for line in walk(block.block or ())
    )
