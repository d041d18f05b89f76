"""Edits of Traefik's middlewares that refuse: a list of addresses (IPAllowList, `sourceRange`) and
the visitor whom somebody names, and a limit of requests (RateLimit)."""

import re
from ipaddress import ip_network

from checks.http import _fronts, addresses
from checks.server import ServerView, file_rows, line_edit
from diagnose.model import Edit, Evidence
from diagnose.model.http import page_exchanges
from diagnose.model.server import server_addresses
from diagnose.model.traefik import Refuser
from diagnose.model.visitor import visitor_address
from diagnose.parsers.address_tests import contains, network_of
from diagnose.parsers.told_visitors import told_visitors

_FORBIDDEN = 403
#: Requests in a second up to which a visitor who opens some pages may be above a limit, and by what
#: it is multiplied: a page asks for its files, some dozen of them, at once.
_LOW_RATE, _FACTOR = 15, 10
_BURST = re.compile(r"\bburst[\"']?\s{0,9}[:=]\s{0,9}\d{1,9}")
_FLOW = re.compile(r"^(?P<head>[^\[\]#]{0,200}\[[^\[\]]{1,4000}?)(?P<end>\s{0,9},?\s{0,9}\])")
_ITEM = re.compile(r"^(\s*-\s+)[\"']?[0-9a-fA-F.:/]{2,50}[\"']?\s*$")


def named_visitor(evidence: Evidence) -> str:
    """Return the visitor of the option `--from`, or the one in a message about 403; "" if nobody
    names one, or a machine in front has Traefik see another address."""
    pages = page_exchanges(evidence)
    if _fronts.fronts(evidence, addresses(pages)):
        return ""
    symptom, own = evidence.target.symptom, {*server_addresses(evidence), *addresses(pages)}
    is_told = symptom is not None and symptom.number in {None, _FORBIDDEN}
    told = told_visitors(symptom.text) if symptom and is_told else ()
    strangers = [each for each in told if each not in own and each != evidence.target.host]
    return visitor_address(evidence) or next(iter(strangers), "")


def admits(refuser: Refuser, visitor: str) -> bool | None:
    """Return whether a list has the visitor; None if that is not known."""
    words = refuser.value.split(", ")
    if not visitor or refuser.status != _FORBIDDEN or not all(map(network_of, words)):
        return None
    return contains(words, visitor)


def added_visitor(view: ServerView, place: tuple[str, int] | None, visitor: str) -> Edit | None:
    """Return the edit that adds a visitor to the list at a line, in YAML or TOML; None if the list
    is written in another way, such as in a label."""
    file = view.config.file(place[0]) if place and view.config else None
    if place is None or file is None:
        return None
    path, number = place
    rows = file_rows(view, file)
    row, network = rows[number - 1], f'"{ip_network(visitor)}"'
    if match := _FLOW.match(row):
        text = f"{match['head']}, {network}{match['end'].lstrip(' ,')}{row[match.end() :]}"
        return line_edit(view, path, {number: (text,)})
    last, item = 0, ""
    for below, text in enumerate(rows[number:], number + 1):
        own = _ITEM.match(text)
        if own is None:
            break
        last, item = below, own[1]
    if not row.rstrip().endswith(":") or not last:
        return None
    return line_edit(view, path, {last: (rows[last - 1], f"{item}{network}")})


def raised_rate(view: ServerView, place: tuple[str, int] | None, refuser: Refuser) -> Edit | None:
    """Return the edit that raises a low limit of requests, and what may come at once: 1 where no
    `burst` is set, so that a page with files is refused. None if it is not low, or stands in
    another way."""
    file = view.config.file(place[0]) if place and view.config else None
    if place is None or file is None or not 0 < int(refuser.value) <= _LOW_RATE:
        return None
    rows, (path, number) = file_rows(view, file), place
    wanted = int(refuser.value) * _FACTOR
    row = rows[number - 1]
    match = re.search(rf"average[\"']?(\s{{0,9}}[:=]\s{{0,9}}){refuser.value}(?!\d)", row)
    bursts = [each for each, text in enumerate(rows, 1) if _BURST.search(text)]
    if match is None or len(bursts) > 1:
        return None
    raised = f"{row[: match.start()]}average{match[1]}{wanted}"
    burst, rest = f"burst{match[1]}{2 * wanted}", row[match.end() :]
    if bursts and bursts != [number]:
        changed = _BURST.sub(burst, rows[bursts[0] - 1], count=1)
        return line_edit(view, path, {number: (raised + rest,), bursts[0]: (changed,)})
    if bursts:
        return line_edit(view, path, {number: (raised + _BURST.sub(burst, rest, count=1),)})
    if "{" in row:
        return line_edit(view, path, {number: (f"{raised}, {burst}{rest}",)})
    indent = row[: len(row) - len(row.lstrip())]
    return line_edit(view, path, {number: (raised + rest, f"{indent}{burst}")})
