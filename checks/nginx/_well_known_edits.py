"""The exception for what is well known (RFC 8615) in a location against names with a dot at their
beginning: an application's openid-configuration or jwks.json is no hidden file. All other names
with a dot stay closed."""

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from diagnose.model import Applicability, Fix
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern, select_location
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search
from diagnose.parsers.nginx.upstreams import pass_directive_of

WELL_KNOWN = "/.well-known/"
_DOT = r"\."
#: What is written in the place of the dot, the plain one first: an expression that looks at the
#: first name alone has to go on to close /.well-known/.htpasswd.
_EXCEPT = (r"\.(?!well-known/)", r"\.(?!well-known/(?!(?:.*/)?\.))")
#: Names that the exception does not open.
_CLOSED = ("/.env", "/.git/config", "/.htpasswd", f"{WELL_KNOWN}.htpasswd", "/a/.svn/entries")


def refusing_line(match: LocationMatch, status: int) -> Directive | None:
    """Return the line of a regular expression's location that refuses every visitor with this
    status: a `return`, or `deny all` if nobody is allowed before it; None if there is none."""
    pattern = location_pattern(match.block) if match.block.name == "location" else None
    if pattern is None or pattern.modifier not in {"~", "~*"}:
        return None
    lines = match.block.block or ()
    for line in lines:
        if line.name == "return" and line.args[:1] == (str(status),):
            return line
    names = {line.name for line in lines}
    denials = [line for line in lines if (line.name, line.args) == ("deny", ("all",))]
    is_open = status != 403 or names & {"allow", "return", "satisfy", "rewrite", "if"}
    return None if is_open or not denials else denials[0]


def well_known_fix(nginx: Nginx, match: LocationMatch, path: str, *, has_file: bool) -> Fix | None:
    """Return the fix of the location that closes a path below /.well-known/; None if it closes
    other names than hidden ones, or where nothing is there for the path: no file, and no
    application to which the site's other paths go."""
    block, file, pattern = match.block, nginx.file(match.block), location_pattern(match.block)
    if file is None or pattern is None or not path.startswith(WELL_KNOWN):
        return None
    exception = next((each for each in _EXCEPT if _stays_closed(pattern.text, each, path)), "")
    if not exception or not (has_file or _is_application(nginx, match, path)):
        return None
    head = file.text[block.start : block.opened].replace(_DOT, exception, 1)
    change = edits.TextEdit(block.start, block.opened, head)
    file_edits = config_edits(nginx, {block.file: [change]})
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW) if file_edits else None


def _stays_closed(text: str, exception: str, path: str) -> bool:
    """Return whether an exception lets this path out of an expression, and no hidden file."""
    changed = text.replace(_DOT, exception, 1)
    if not (is_supported_pcre(text) and is_supported_pcre(changed)):
        return False
    closed = [name for name in _CLOSED if pcre_search(text, name, False)]
    return (
        pcre_search(changed, path, False) is None
        and pcre_search(text, path, False) is not None
        and all(pcre_search(changed, name, False) for name in closed)
    )


def _is_application(nginx: Nginx, match: LocationMatch, path: str) -> bool:
    """Return whether a name without the dot goes to an application in each block of the path."""
    bare = path.replace("/.", "/", 1)
    others = [
        select_location(selected.server, bare)
        for selected in nginx.answering_servers()
        if selected.server.block in match.blocks
    ]
    return bool(others) and all(pass_directive_of(other) is not None for other in others)
