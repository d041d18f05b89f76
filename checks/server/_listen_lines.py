"""The line `Listen` that Apache lacks for the port of a site that is there (Apache,
mpm_common)."""

import re

from checks.server import ServerView, line_edit, line_text
from diagnose.model import Edit
from diagnose.model.web_servers import WebSite
from diagnose.parsers.web_sites import has_name


def listen_edit(view: ServerView, site: WebSite | None) -> Edit | None:
    """Return the edit that has Apache listen on the target's port: a commented line is taken in, or
    a line like that of another port is written below it. None if the site has no name of the
    target, if its module is not loaded, or if no line is known."""
    config, target = view.config, view.evidence.target
    if view.server.product != "apache" or config is None or site is None:
        return None
    is_secure = any(socket.tls and socket.port == target.port for socket in site.sockets)
    if not has_name(site, target.host) or (is_secure and "ssl" not in config.modules):
        return None
    return _commented(view, target.port) or _beside(view, target.port)


def _commented(view: ServerView, port: int) -> Edit | None:
    line = re.compile(
        rf"(?i)[ \t]*#[ \t]*(Listen[ \t]+(?:\S{{1,60}}:)?{port}(?:[ \t]+https?)?)[ \t]*"
    )
    places = [
        (file.path, number, match[1])
        for file in (view.config.files if view.config else ())
        for number, row in enumerate(file.text.split("\n")[:4000], 1)
        if (match := line.fullmatch(row))
    ]
    if len(places) != 1:
        return None
    path, number, text = places[0]
    return line_edit(view, path, {number: (text,)})


def _beside(view: ServerView, port: int) -> Edit | None:
    for socket in view.config.listens if view.config else ():
        text = line_text(view, socket.file, socket.line) if socket.line else ""
        # The protocol of another port is not this one's.
        line = re.sub(r"(?i)[ \t]+https?[ \t]*$", "", text)
        other, count = re.subn(rf"(?<=[ \t:]){socket.port}(?=[ \t]*$)", str(port), line)
        if count == 1 and re.match(r"(?i)[ \t]*Listen[ \t]", text):
            return line_edit(view, socket.file, {socket.line: (text, other)})
    return None
