"""Edits for words that Apache or Caddy does not know: of an older version, of another server, or
misspelled. HAProxy's own are in `_haproxy_refused`."""

import re

from checks.server import ServerView, file_rows, line_edit, line_text
from checks.server._haproxy_refused import Correction
from diagnose.model.web_servers import WebServerTest
from diagnose.parsers.caddy.corrections import corrected_lines
from diagnose.parsers.caddy.mistakes import known_mistake, unknown_word
from diagnose.parsers.caddy.slips import slip_of
from diagnose.parsers.directive_names import likely_directive

_UNKNOWN = re.compile(r"Invalid command '<?(\w{1,100})'")


def correct_word(view: ServerView, test: WebServerTest) -> Correction | None:
    """Return the edit of a word that is not known; None if only a person knows the right one."""
    product = view.server.product
    if product == "caddy":
        words = _caddy_slip(view, test) or _caddy_words(view, test)
        return words or _spelling(view, test, unknown_word(test.message))
    match = _UNKNOWN.match(test.message) if product == "apache" else None
    return _spelling(view, test, match[1]) if match else None


def _caddy_slip(view: ServerView, test: WebServerTest) -> Correction | None:
    """Return the edit of what is written in the wrong way. A message without a line is of the one
    file that there is."""
    files = view.config.files if view.config else ()
    path = test.file or (files[0].path if len(files) == 1 else "")
    file = view.config.file(path) if view.config and path else None
    slip = slip_of(file_rows(view, file), test.line, test.message) if file else None
    edit = line_edit(view, path, slip.changes) if slip else None
    return Correction(slip.kind, True, (edit,)) if slip and edit else None


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


_SLIPS = (
    "brace", "unclosed", "closed_twice", "comma", "matcher", "unit", "outside", "newer", "encoder",
    "policy", "log_file", "top_level",
)  # fmt: skip
#: The facts of these sentences, none of them given.
NO_WORDS = {"own_words": "", "spelling": "", **dict.fromkeys(_SLIPS, "")}
