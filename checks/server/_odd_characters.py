"""The edit of lines with characters that look right and are others, where a server refuses one."""

from checks.server import ServerView, file_rows, line_edit
from checks.server._haproxy_refused import Correction
from diagnose.model.web_servers import WebServerTest
from diagnose.parsers.odd_characters import odd_characters, replaced

#: The fact of this sentence, not given.
NO_CHARACTERS = {"characters": ""}


def odd_correction(view: ServerView, test: WebServerTest) -> Correction | None:
    """Return the edit of all such lines of the file that the test names, if the line of its message
    has one, or the first line: a byte order mark spoils what follows."""
    file = view.config.file(test.file) if view.config and test.file else None
    rows = file_rows(view, file) if file else []
    changes = {
        number: (replaced(row),)
        for number, row in enumerate(rows, 1)
        if not row.isascii() and odd_characters(row)
    }
    if file is None or not {test.line, 1} & set(changes):
        return None
    edit = line_edit(view, test.file, changes)
    odd = [odd_character.character for row in rows for odd_character in odd_characters(row)]
    names = ", ".join(dict.fromkeys(f"U+{ord(each):04X}" for each in odd))
    return Correction("characters", names, (edit,)) if edit else None
