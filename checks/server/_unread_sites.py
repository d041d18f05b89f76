"""The site of a file that Caddy or HAProxy does not read: how it is read."""

import posixpath
import re

from checks.server import ServerView, line_edit, manual_fix, reload_steps
from diagnose.model import Applicability, Fix, Manual, Where
from diagnose.model.web_servers import WebSite

_PLAIN = re.compile(r"/[\w./@+-]{1,300}", re.ASCII)


def reading_fix(view: ServerView, unread: WebSite) -> Fix:
    """Have the file read: by the name that an `import` of its folder has, or by one of its own."""
    from diagnose.model import commands
    from diagnose.parsers.caddy.caddyfile import import_patterns
    from diagnose.parsers.nginx.site_files import has_wildcard, matching_path

    path, main = unread.file, view.server.config
    file = view.config.file(main) if view.config else None
    if view.server.product != "caddy":
        # What runs reads its own files again: it has to be started with another command.
        return Fix((Manual("read-the-file", Where.SERVER),), Applicability.MANUAL)
    if file is None or not _PLAIN.fullmatch(path):
        return manual_fix(view, "read-the-file")
    folder, name = posixpath.split(path)
    for pattern in import_patterns(file.text, posixpath.dirname(main)):
        new = matching_path(name, pattern) if posixpath.dirname(pattern) == folder else None
        if new and new != path and has_wildcard(pattern):
            return Fix((commands.move(path, new), *reload_steps(view.server)), Applicability.REVIEW)
    rows = file.text.rstrip("\n").split("\n")
    edit = line_edit(view, main, {len(rows): (rows[-1], "", f"import {path}")})
    if edit is None:
        return manual_fix(view, "read-the-file")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
