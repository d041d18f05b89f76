"""Of two locations with one path, the one that a package or a panel wrote for files, beside one
that passes requests on: panels and Debian's default site have such a `location /`."""

from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import PASS_DIRECTIVES

#: What default sites have in a location of files: they refuse a path without a file.
_FILES_ALONE = frozenset({("$uri", "$uri/", "=404"), ("$uri", "=404")})
#: The folders of packages' default sites (nginx.org and EL, Debian, nginx's own sources).
_DEFAULT_FOLDERS = frozenset({"/usr/share/nginx/html", "/var/www/html", "html"})


def idle_location(first: Directive, second: Directive) -> Directive | None:
    """Return the location that has nothing but the lines of a default site, while the other one
    passes requests on; None if there is no such pair, or neither is one."""
    for idle, other in ((first, second), (second, first)):
        if _has_files_alone(idle) and any(children(other, name) for name in PASS_DIRECTIVES):
            return idle
    return None


def _has_files_alone(location: Directive) -> bool:
    return location.name == "location" and all(
        line.name == "index"
        or (line.name == "root" and set(line.args) <= _DEFAULT_FOLDERS)
        or (line.name == "try_files" and line.args in _FILES_ALONE)
        for line in location.block or ()
    )
