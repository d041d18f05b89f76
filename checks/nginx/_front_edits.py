"""The name of the page or script to which a site leads every path that is no file, where the folder
has another one: `try_files … /app.php` in a project that begins with index.php."""

import posixpath
import re

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from diagnose.model import Applicability, Fix
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.upstreams import pass_directive_of

_PLAIN = re.compile(r"[\w./?=&$@~^%+:-]+", re.ASCII)
_LEADING = frozenset({"try_files", "error_page"})


def front_fix(nginx: Nginx, target: str, name: str) -> Fix | None:
    """Return the edits by which the site's lines lead to `name` in the place of the missing file of
    the path `target`; None if PHP would not run it, or if a line is in another file than the site:
    others may include that."""
    changes: Changes = {}
    new = posixpath.join(posixpath.dirname(target), name)
    for selected in nginx.selected_servers():
        server = selected.server
        if name.endswith(".php") and pass_directive_of(final_location(server, new)) is None:
            return None
        for line in walk(server.block.block or ()):
            last = line.args[-1] if line.args else ""
            if line.name not in _LEADING or re.split(r"[?$]", last)[0] != target:
                continue
            if line.file != server.block.file or not all(map(_PLAIN.fullmatch, line.args)):
                return None
            words = (*line.args[:-1], new + last[len(target) :])
            edit = edits.replace_directive(line, f"{line.name} {' '.join(words)};")
            own = changes.setdefault(line.file, [])
            if edit not in own:
                own.append(edit)
    file_edits = config_edits(nginx, changes) if changes else ()
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW) if file_edits else None
