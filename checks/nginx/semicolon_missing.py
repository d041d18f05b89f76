"""A line of nginx's configuration lacks its semicolon, and nginx takes the next line for more words
of the same directive. `nginx -t` accepts that where the directive takes any number of words:
`index`, `server_name`, `try_files`. The directive of the next line is then not there.

Only a name of a directive that begins a line of its own counts, in the blocks that answer the
target, or with its name in a swallowed `server_name`.
"""

import re
from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx.edits import TextEdit

#: Directives that take any number of words, whatever they are.
_VARIADIC = {"index", "server_name", "try_files", "gzip_types", "valid_referers"}

#: Directives without which a site is another one.
_NEEDED = ("server_name", "listen", "root", "return", "include", "ssl_certificate", "location")
_KNOWN = (
    *_NEEDED, "index", "try_files", "ssl_certificate_key", "ssl_protocols", "access_log",
    "error_log", "error_page", "proxy_pass", "proxy_set_header", "client_max_body_size", "charset",
    "add_header", "autoindex", "rewrite", "gzip",
)  # fmt: skip
#: The end of the line that lacks the semicolon, and the directive that begins the next.
_SWALLOWED = re.compile(
    rf"(?P<end>[^\s#;{{}}])(?P<rest>[ \t]*(?:#[^\n]*)?\n\s*)(?P<name>{'|'.join(_KNOWN)})(?=\s)"
)


@frozen
class _Swallowed:
    """A directive that became words of another: its name and words, and where the semicolon
    belongs."""

    by: Directive
    name: str
    words: tuple[str, ...]
    offset: int


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=[
        "nginx.no-matching-server",
        "nginx.page-file-not-found",
        "nginx.index-missing",
        "certificate.name-mismatch",
    ],
)
def semicolon_missing(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    if nginx.test and not nginx.test.passed:
        return  # nginx.config-invalid
    selected = [chosen.server.block for chosen in nginx.selected_servers()]
    for server in nginx.servers:
        for directive in server.block.block or ():
            swallowed = _swallowed(nginx, directive)
            if swallowed and _concerns(evidence, swallowed, server.block in selected):
                yield _claim(nginx, swallowed)
                return


def _swallowed(nginx: Nginx, directive: Directive) -> _Swallowed | None:
    file = nginx.file(directive)
    if directive.name not in _VARIADIC or file is None:
        return None
    match = _SWALLOWED.search(file.text, directive.start, directive.stop)
    if match is None or match["name"] not in directive.args:
        return None
    position = directive.args.index(match["name"])
    words = directive.args[position + 1 :]
    return _Swallowed(directive, match["name"], words, match.end("end"))


def _concerns(evidence: Evidence, swallowed: _Swallowed, is_selected: bool) -> bool:
    if swallowed.name == "server_name":
        return evidence.target.host in swallowed.words
    return is_selected


def _claim(nginx: Nginx, swallowed: _Swallowed) -> Claim:
    by, port = swallowed.by, nginx.evidence.target.port
    return Claim(
        about=Subject(port=port, text=file_line(by)),
        covers=(Subject(port=port), Subject()),
        because=(nginx.config,) if nginx.config else (),
        confidence=Confidence.CERTAIN,
        severity=None if swallowed.name in _NEEDED else Severity.WARNING,
        facts={
            "place": file_line(by),
            "directive": by.name,
            "swallowed": " ".join((swallowed.name, *swallowed.words)),
            "name": swallowed.name,
            "site": swallowed.name == "server_name",
            "host": nginx.evidence.target.host,
        },
        location=nginx.location(by),
        fix=_fix(nginx, swallowed),
    )


def _fix(nginx: Nginx, swallowed: _Swallowed) -> Fix:
    """Write the semicolon. It brings a line to life that was not in force: that needs a look."""
    change = TextEdit(swallowed.offset, swallowed.offset, ";")
    edit = config_edit(nginx, swallowed.by.file, change)
    if edit is None:
        return Fix((Manual("write-it", Where.SERVER),), Applicability.MANUAL)
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW)
