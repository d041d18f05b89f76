"""Edits for words that Apache or Caddy does not know: of an older version, of another server, or
misspelled. HAProxy's own are in `_haproxy_refused`."""

import re

from checks.server import ServerView, file_rows, line_edit, line_text
from checks.server._haproxy_refused import Correction
from diagnose.model.web_servers import WebServerTest
from diagnose.parsers.caddy.corrections import corrected_lines
from diagnose.parsers.caddy.mistakes import known_mistake, unknown_word
from diagnose.parsers.directive_names import likely_directive

_UNKNOWN = re.compile(r"Invalid command '<?(\w{1,100})'")


def correct_word(view: ServerView, test: WebServerTest) -> Correction | None:
    """Return the edit of a word that is not known; None if only a person knows the right one."""
    product = view.server.product
    if product == "caddy":
        return _caddy_words(view, test) or _spelling(view, test, unknown_word(test.message))
    match = _UNKNOWN.match(test.message) if product == "apache" else None
    return _spelling(view, test, match[1]) if match else None


def _caddy_words(view: ServerView, test: WebServerTest) -> Correction | None:
    mistake = known_mistake(test.message)
    file = view.config.file(test.file) if view.config else None
    if mistake is None or file is None:
        return None
    changes = corrected_lines(file_rows(view, file), test.line, mistake)
    edit = line_edit(view, test.file, changes) if changes else None
    return Correction("own_words", True, (edit,)) if edit else None


def _spelling(view: ServerView, test: WebServerTest, word: str) -> Correction | None:
    name = likely_directive(word, view.server.product)
    line = line_text(view, test.file, test.line)
    written = re.compile(rf"(\s*<?){re.escape(word)}(?=\s|$)")
    if not name or not written.match(line):
        return None
    text = written.sub(lambda match: f"{match[1]}{name}", line, count=1)
    edit = line_edit(view, test.file, {test.line: (text,)})
    return Correction("spelling", name, (edit,)) if edit else None


#: The facts of these sentences, none of them given.
NO_WORDS = {"own_words": "", "spelling": ""}
