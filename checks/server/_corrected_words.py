"""Edits for words that Apache, Caddy or HAProxy does not know: of an older version, of another
server, or misspelled. What else HAProxy refuses is in `_haproxy_refused`."""

import re

from checks.server import ServerView, file_rows, line_edit, line_text
from checks.server._haproxy_refused import Correction
from diagnose.model.web_servers import WebServerTest
from diagnose.parsers.caddy.corrections import corrected_lines
from diagnose.parsers.caddy.mistakes import known_mistake, unknown_word
from diagnose.parsers.caddy.slips import slip_of
from diagnose.parsers.directive_names import likely_directive
from diagnose.parsers.misspellings import MIN_LETTERS, is_typing_error

_UNKNOWN = re.compile(r"Invalid command '<?(\w{1,100})'")


def correct_word(view: ServerView, test: WebServerTest) -> Correction | None:
    """Return the edit of a word that is not known; None if only a person knows the right one."""
    product = view.server.product
    if product == "caddy":
        words = _caddy_slip(view, test) or _caddy_words(view, test)
        return words or _spelling(view, test, unknown_word(test.message))
    if product == "haproxy":
        return _haproxy_word(view, test)
    match = _UNKNOWN.match(test.message) if product == "apache" else None
    return _spelling(view, test, match[1]) if match else None


#: The word that HAProxy does not know, and what it takes for the one that is meant.
_SUGGESTED = re.compile(
    r"(?i)(?:unknown (?:keyword|option)|but got) '([\w-]{2,60})'.{0,80}?"
    r"did you mean '([\w-]{2,60})'"
)
#: The word alone, behind the words that may stand there, or before any.
_EXPECTED = re.compile(
    r"\((?:got|was) '([\w-]{2,60})'\)|unknown fetch method '([\w-]{2,60})'"
    r"|^'http-re(?:quest|sponse)' expects '"
)
#: What stands there most often: the message of a rule may be cut before it.
_USUAL = (
    "set-header", "add-header", "del-header", "replace-header", "replace-path", "set-path",
    "redirect", "return", "deny", "tarpit", "set-src", "path_beg", "path_end", "path_reg",
    "hdr_beg", "hdr_end", "hdr_dom", "hdr_sub", "ssl_fc_sni", "ssl_fc",
)  # fmt: skip


def _haproxy_word(view: ServerView, test: WebServerTest) -> Correction | None:
    """Return the edit of a word of HAProxy's with one typing error."""
    line = line_text(view, test.file, test.line)
    suggested, expected = _SUGGESTED.search(test.message), _EXPECTED.search(test.message)
    if suggested:
        word, names, least = suggested[1], [suggested[2]], 3
    elif expected:
        word = expected[1] or expected[2] or "".join(line.split()[1:2])
        names, least = [*re.findall(r"'([\w-]{2,60})'", test.message), *_USUAL], MIN_LETTERS
    else:
        return None
    meant = [name for name in dict.fromkeys(names) if is_typing_error(word, name, least)]
    written = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")
    if len(meant) != 1 or len(written.findall(line)) != 1:
        return None
    edit = line_edit(view, test.file, {test.line: (written.sub(lambda _: meant[0], line),)})
    return Correction("spelling", meant[0], (edit,)) if edit else None


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
