"""Steps that mend what Apache's own test refuses: slips of its files, the folder of a log that is
not there, directives of Apache 2.2 and of a PHP that is not loaded, and certbot's own file."""

import re

from checks.server import ServerView, file_rows, indentation, line_edit, line_text
from checks.server._haproxy_refused import Correction
from diagnose.model import Edit, commands
from diagnose.model.web_servers import WebServerTest
from diagnose.parsers.apache.slips import KINDS, slip_of

#: core and mod_log_config: ErrorLog (AH02291), CustomLog and TransferLog (AH02297).
_LOG_FOLDER = re.compile(r"AH02(?:291|297): Cannot access directory '(/[^'\n]{1,300})'")
_UNKNOWN = re.compile(r"Invalid command '(\w{1,60})'")
#: Directives that Apache 2.4 has no more, and what it has in their place: `Mutex` and `LogLevel`,
#: whose defaults do ("Upgrading to 2.4 from 2.2").
_OF_OLD = frozenset(
    ("acceptmutex", "lockfile", "rewritelock", "rewritelog", "rewriteloglevel", "sslmutex",
     "sslinsecurerenegotiation", "watchdogmutexpath")
)  # fmt: skip
_PHP = re.compile(r"(?i)\s*php_(?:admin_)?(?:value|flag)\s")
#: The file that certbot includes; its one line without which there is no TLS is `SSLEngine on`.
_CERTBOTS = re.compile(r"\s*Include\s+\"?/etc/letsencrypt/options-ssl-apache\.conf\"?\s*")

#: The facts of these sentences, none of them given.
NO_SLIPS = dict.fromkeys((*KINDS, "new_log_folder", "of_old", "php_lines", "certbots"), "")


def apache_correction(view: ServerView, test: WebServerTest) -> Correction | None:
    """Return the steps that mend what Apache names first; None if only a person knows how."""
    if view.server.product != "apache":
        return None
    if folder := _LOG_FOLDER.search(test.message):
        return Correction("new_log_folder", folder[1], (commands.make_folder(folder[1]),))
    unknown = _UNKNOWN.match(test.message)
    if unknown and unknown[1].lower() in _OF_OLD:
        edits = _without(view, _OF_OLD)
        return Correction("of_old", unknown[1], edits) if edits else None
    if unknown and _PHP.match(f"{unknown[1]} "):
        return _php_lines(view, test)
    if _CERTBOTS.fullmatch(line_text(view, test.file, test.line)):
        return _without_certbots(view, test)
    return apache_slip(view, test)


def apache_slip(view: ServerView, test: WebServerTest) -> Correction | None:
    """Return the edit of a slip in the file that Apache names."""
    file = view.config.file(test.file) if view.config else None
    slip = slip_of(file_rows(view, file), test.line, test.message) if file else None
    edit = line_edit(view, test.file, slip.changes) if slip else None
    return Correction(slip.kind, slip.value, (edit,)) if slip and edit else None


def _without(view: ServerView, names: frozenset[str]) -> tuple[Edit, ...]:
    """Return the edits that take the lines with these directives out of all files."""
    edits: list[Edit] = []
    for file in view.config.files if view.config else ():
        rows = file_rows(view, file)
        changes: dict[int, tuple[str, ...]] = {
            number: ()
            for number, text in enumerate(rows, 1)
            if text.split() and text.split()[0].lower() in names
        }
        edit = line_edit(view, file.path, changes) if changes else None
        edits += [edit] if edit else []
    return tuple(edits)


def _php_lines(view: ServerView, test: WebServerTest) -> Correction | None:
    """Let Apache read the lines for PHP only where its module is loaded, as Debian's PHP does."""
    file = view.config.file(test.file) if view.config else None
    if file is None:
        return None
    changes: dict[int, tuple[str, ...]] = {}
    for number, text in enumerate(file_rows(view, file), 1):
        if _PHP.match(text):
            indent = indentation(text)
            head, end = f"{indent}<IfModule mod_php.c>", f"{indent}</IfModule>"
            changes[number] = (head, text, end)
    edit = line_edit(view, test.file, changes) if test.line in changes else None
    return Correction("php_lines", True, (edit,)) if edit else None


def _without_certbots(view: ServerView, test: WebServerTest) -> Correction | None:
    """Write `SSLEngine on` in the place of certbot's file, which is gone, in every site."""
    edits: list[Edit] = []
    for file in view.config.files if view.config else ():
        rows = file_rows(view, file)
        changes: dict[int, tuple[str, ...]] = {
            number: (f"{indentation(text)}SSLEngine on",)
            for number, text in enumerate(rows, 1)
            if _CERTBOTS.fullmatch(text)
        }
        edit = line_edit(view, file.path, changes) if changes else None
        edits += [edit] if edit else []
    return Correction("certbots", True, tuple(edits)) if edits else None
