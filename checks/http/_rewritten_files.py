"""nginx's line by which it rewrites texts in scripts or style sheets too (ngx_http_sub_module).

What it changes has another hash than the page demands.
"""

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from diagnose.model import Applicability, Fix
from diagnose.model.nginx import Directive
from diagnose.model.pages import PageFileResponse
from diagnose.parsers.browser_types import mime_type
from diagnose.parsers.nginx import edits
from diagnose.parsers.urls import path_of

_TYPES = "sub_filter_types"


def rewriting_line(nginx: Nginx, response: PageFileResponse) -> Directive | None:
    """Return the `sub_filter_types` that names the type of a file, where texts are replaced; None
    if there is none, or if several locations may answer."""
    matches = list(nginx.location_matches(path_of(response.url).partition("?")[0]))
    if len({match.block for match in matches}) != 1 or not matches[0].directives("sub_filter"):
        return None
    line = matches[0].directive(_TYPES)
    kind = mime_type(response.headers)
    return line if line is not None and {kind, "*"} & set(line.args) else None


def sparing_fix(nginx: Nginx, line: Directive, response: PageFileResponse) -> Fix | None:
    """Return the edit that takes the file's type out of the line; pages are always rewritten. What
    was replaced in the other files of this type is no longer, so that a person reviews it."""
    file, kind = nginx.file(line), mime_type(response.headers)
    if file is None:
        return None
    rest = [name for name in line.args if name not in {kind, "*"}]
    change = (
        edits.replace_directive(line, f"{_TYPES} {' '.join(rest)};")
        if rest
        else edits.remove_directive(file.text, line)
    )
    file_edits = config_edits(nginx, {line.file: [change]})
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW) if file_edits else None
