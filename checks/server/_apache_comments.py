"""The edit of a comment that stands behind the arguments of one of Apache's directives. Apache
knows comments on lines of their own only ("Syntax of the Configuration Files"), and takes the words
of such a comment for arguments."""

import re

from checks.server import ServerView, indentation, line_edit, line_text
from checks.server._haproxy_refused import Correction
from diagnose.model.web_servers import WebServerTest

#: "AllowEncodedSlashes takes one argument, …", "SSLEngine must be On or Off",
#: "SSLProtocol: Illegal protocol '#'".
_ARGUMENTS = re.compile(
    r"<?(\w{1,100})>? (?:takes \w{1,10}(?:(?:-| or | to )\w{1,10})? arguments?|takes no arguments"
    r"|must be On or Off)|(\w{1,100}): "
)

#: A directive with its arguments, and a comment. A "#" in quotes, or within a word, begins none.
_COMMENT = re.compile(
    r"(?P<directive>\s*(?P<name>\w{1,100})(?:\s+(?:\"[^\"]{0,500}\"|[^\s\"#][^\s\"]{0,500})){1,20})"
    r"\s+(?P<comment>#.*)"
)


def comment_apart(view: ServerView, test: WebServerTest) -> Correction | None:
    """Return the edit that puts the comment on a line of its own above; None if the line has none,
    or if the message is about something else than this directive's arguments."""
    if view.server.product != "apache":
        return None
    message = _ARGUMENTS.match(test.message)
    line = line_text(view, test.file, test.line)[:2000]
    match = _COMMENT.fullmatch(line)
    if message is None or match is None or line.endswith("\\"):
        return None
    if (message[1] or message[2]).lower() != match["name"].lower():
        return None
    lines = (indentation(line) + match["comment"], match["directive"])
    edit = line_edit(view, test.file, {test.line: lines})
    return Correction("comment", match["name"], (edit,)) if edit else None
