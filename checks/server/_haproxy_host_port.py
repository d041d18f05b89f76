"""The edit by which the rules of a frontend compare the name of a site without its port."""

import re

from checks.server import line_edit, line_text
from checks.server._haproxy import HaproxyView
from diagnose.model import Edit
from diagnose.parsers.haproxy.config import Line

#: A fetch of the whole field that is compared as it is.
_FETCH = re.compile(r"(?<![\w.])((?:req\.)?f?hdr(?:_end)?\(host\))(?=\s)", re.IGNORECASE)


def lines_with_port(haproxy: HaproxyView) -> tuple[Line, ...]:
    """Return the lines of the frontend that compare the whole field with a name."""
    frontend = haproxy.proxies.frontend
    return tuple(
        line
        for line in (*frontend.own("acl"), *frontend.own("use_backend"))
        if _FETCH.search(line_text(haproxy.view, line.file, line.number))
    )


def port_taken_off(haproxy: HaproxyView) -> Edit | None:
    """Return the edit by which these lines compare what stands before the colon; None if there are
    none, or the file was not read."""
    lines = lines_with_port(haproxy)
    changes = {
        line.number: (
            _FETCH.sub(r"\1,field(1,:)", line_text(haproxy.view, line.file, line.number)),
        )
        for line in lines
        if line.file == lines[0].file
    }
    return line_edit(haproxy.view, lines[0].file, changes) if changes else None
