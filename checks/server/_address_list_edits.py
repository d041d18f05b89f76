"""Edits of a list of addresses by which one visitor is let in, and nobody else: the visitor's own
address goes out of a list of those who are kept out, or into one of those who may come in. Of a
network that is kept out the rest stays."""

import re
from collections.abc import Iterator, Sequence

from checks.server import ServerView, file_rows, line_edit
from diagnose.model import Edit
from diagnose.model.server_rules import AddressTest
from diagnose.model.web_servers import ServerFile
from diagnose.parsers.address_tests import contains, excluded, network_of
from diagnose.parsers.nginx.edits import diff

#: Most networks that stand in the place of one.
_MOST = 16
#: A comment of HAProxy's or Caddy's; in Apache's lines no address stands behind such a sign.
_COMMENT = re.compile(r"\s#.*", re.DOTALL)
_WORD = re.compile(r"\S+")
_CADDY = re.compile(r"(?:^|\s)(?:remote_ip|client_ip)\s")
#: Lines that say nothing without an address.
_WHOLE = re.compile(r"(?i)\s*(?:Require\s+not\s+ip|Deny\s+from)\s*")


def admitting_edit(
    view: ServerView, test: AddressTest, visitor: str, admitted: str = ""
) -> Edit | None:
    """Return the edit; None if the list's place is not known, or cannot be written exactly. Into a
    list of those who may come in goes `admitted`, the visitor's network, or the visitor."""
    admitted = admitted or visitor
    if test.file and not test.line:
        file = view.config.file(test.file) if view.config else None
        return _list_edit(file, test, visitor, admitted) if file else None
    places = [(test.file, test.line)] if test.line else list(_caddy_lines(view, test))
    if len(places) != 1:
        return None
    path, number = places[0]
    file = view.config.file(path) if view.config else None
    rows = file_rows(view, file) if file else ()
    text = rows[number - 1] if 0 < number <= len(rows) else ""
    lines = _changed(text, test, visitor, admitted) if text else None
    return line_edit(view, path, {number: lines}) if lines is not None else None


def _changed(text: str, test: AddressTest, visitor: str, admitted: str) -> tuple[str, ...] | None:
    """Return the line with another list; () if nothing stays, None if it cannot be written."""
    spans = [
        (match, network)
        for match in _WORD.finditer(_COMMENT.sub("", text))
        if (network := network_of(match[0])) is not None and str(network) in test.networks
    ]
    if not spans:
        return None
    if not contains(test.networks, visitor):
        end = spans[-1][0].end()
        return (f"{text[:end]} {admitted}{text[end:]}",)
    own = [(match, network) for match, network in spans if contains((str(network),), visitor)]
    if len(own) != 1:
        return None
    match, network = own[0]
    if any(match[0].count(mark) % 2 for mark in "\"'"):
        return None  # the quoted text has several addresses
    rest = excluded(network, visitor)
    if len(rest) > _MOST or str(network) in rest:
        return None
    before = text[: match.start()] if rest else text[: match.start()].rstrip()
    changed = f"{before}{' '.join(rest)}{text[match.end() :]}"
    if rest or len(spans) > 1:
        return (changed,)
    return () if _WHOLE.fullmatch(changed) else None


def _list_edit(file: ServerFile, test: AddressTest, visitor: str, admitted: str) -> Edit | None:
    """Return the edit of a file with an address or a network in each line."""
    rows = file.text.split("\n")
    if contains(test.networks, visitor):
        changed = list(_shortened(rows, visitor))
    else:
        end = len(rows) - 1 if rows and not rows[-1] else len(rows)
        changed = [*rows[:end], admitted, *rows[end:]]
    path = file.real or file.path
    text = diff(path, file.text, "\n".join(changed))
    return Edit(path, text) if text and len(changed) <= len(rows) + _MOST else None


def _shortened(rows: Sequence[str], visitor: str) -> Iterator[str]:
    for row in rows:
        words = row.split()
        network = network_of(words[0]) if words and not row.startswith("#") else None
        if network is not None and contains((str(network),), visitor):
            yield from excluded(network, visitor)
        else:
            yield row


def _caddy_lines(view: ServerView, test: AddressTest) -> Iterator[tuple[str, int]]:
    """Yield the lines of a Caddyfile that have all networks of a matcher."""
    for file in view.config.files if view.config else ():
        for number, text in enumerate(file_rows(view, file), 1):
            if _CADDY.search(text) and not text.lstrip().startswith("#"):
                networks = {str(network) for word in text.split() if (network := network_of(word))}
                if set(test.networks) <= networks:
                    yield file.path, number
