"""The `if` of nginx whose condition holds for one request and not for another
(ngx_http_rewrite_module), or the row of a `map`: what it does decides that the two are answered
otherwise."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._answering_rules import own_request
from checks.nginx._commands import chosen_edits
from checks.nginx._edits import config_edits
from diagnose.model import Command, Edit, Evidence
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import Directive
from diagnose.model.other_requests import ToldAnswer, ToldDifference
from diagnose.parsers.nginx.access_rules import ClientRequest
from diagnose.parsers.nginx.conditions import condition_holds, request_variables, set_variables
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.edits import remove_directive
from diagnose.parsers.nginx.locations import LocationMatch, match_location
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.variables import expand_variables
from diagnose.parsers.urls import path_of

_VARIABLE = re.compile(r"\$\{?(\w+)")
#: The status with which nginx closes a connection, and those that lead elsewhere.
_CLOSED = 444
_REDIRECTS = frozenset(["301", "302", "303", "307", "308"])


def deciding_condition(nginx: Nginx, plain: ClientRequest, told: ClientRequest) -> Directive | None:
    """Return the only `if` that surely holds for the request `told`, and surely not for `plain`."""
    conditions = {
        (condition.file, condition.line): condition
        for selected in nginx.answering_servers()
        for condition in _conditions(selected.server, plain, told)
    }
    return next(iter(conditions.values())) if len(conditions) == 1 else None


def _conditions(server: Server, plain: ClientRequest, told: ClientRequest) -> Iterator[Directive]:
    unset = dict.fromkeys(set_variables(server.block), "")
    top = LocationMatch((server.http, server.block))
    location = match_location(server, told.path.partition("?")[0])
    for match in (top, location) if location.block is not server.block else (top,):
        for condition in children(match.block, "if"):
            holds = [
                condition_holds(match, condition, {**request_variables(request), **unset})
                for request in (plain, told)
            ]
            if holds == [False, True]:
                yield condition


def deciding_entry(nginx: Nginx, plain: ClientRequest, told: ClientRequest) -> Directive | None:
    """Return the only row of a `map` that the request `told` takes, where `plain` takes the default
    (ngx_http_map_module), and whose variable the site uses."""
    entries = {
        (entry.file, entry.line): entry
        for selected in nginx.answering_servers()
        for entry in _entries(selected.server, plain, told)
    }
    return next(iter(entries.values())) if len(entries) == 1 else None


def _entries(server: Server, plain: ClientRequest, told: ClientRequest) -> Iterator[Directive]:
    used = {name for line in walk((server.block,)) for name in _VARIABLE.findall(line.text)}
    top = LocationMatch((server.http, server.block))
    for table in children(server.http, "map"):
        if len(table.args) != 2 or table.args[1].lstrip("$") not in used:
            continue
        sources = [
            expand_variables(top, table.args[0], request_variables(request))
            for request in (plain, told)
        ]
        rows = [_row(table, source) if source is not None else None for source in sources]
        is_by_default = sources[0] is not None and rows[0] is None
        if is_by_default and rows[1] is not None:
            yield rows[1]


def _row(table: Directive, source: str) -> Directive | None:
    """Return the row of a `map` that a value takes, None for the default: whole values count before
    expressions."""
    rows = [row for row in table.block or () if row.name not in {"default", "hostnames", "include"}]
    for row in rows:
        if not row.name.startswith("~") and row.name.lstrip("\\").lower() == source.lower():
            return row
    for row in rows:
        expression, ignore_case = row.name.lstrip("~").lstrip("*"), row.name.startswith("~*")
        is_read = row.name.startswith("~") and is_supported_pcre(expression)
        if is_read and pcre_search(expression, source, ignore_case):
            return row
    return None


def without_condition(
    evidence: Evidence, answer: ToldAnswer, differences: Sequence[ToldDifference]
) -> tuple[Command | Edit, ...]:
    """Return what a person types to take out the `if` that decides about the differences of a told
    request; () where none surely does."""
    nginx, pages = Nginx.of(evidence), page_exchanges(evidence)
    if nginx.config is None or not pages:
        return ()
    path = path_of(answer.url)
    plain = replace(own_request(evidence, pages[0], path, "diagnose"), method="GET")
    named = {each.name: each.value for each in differences if each.name}
    # This program sends no further field than those.
    plain = replace(plain, fields=tuple({**dict.fromkeys(named, ""), **dict(plain.fields)}.items()))
    fields = {**dict(plain.fields), **named}
    method = next((each.value for each in differences if each.part == "method"), "GET")
    told = replace(plain, fields=tuple(fields.items()), method=method)
    decisive = deciding_condition(nginx, plain, told) or deciding_entry(nginx, plain, told)
    file = nginx.file(decisive) if decisive else None
    if decisive is None or file is None or not _may_go(nginx, decisive, answer.status):
        return ()
    change = remove_directive(file.text, decisive)
    return chosen_edits(nginx, config_edits(nginx, {decisive.file: [change]}))


def _may_go(nginx: Nginx, decisive: Directive, status: int | None) -> bool:
    """Return whether what a block answers is what the request got, and nothing else needs the
    variables that it sets: nginx does not start with one that is set nowhere."""
    codes = {line.args[0] for line in children(decisive, "return") if line.args}
    if any(code.isdecimal() and int(code) != (status or _CLOSED) for code in codes - _REDIRECTS):
        return False
    inside = {(line.file, line.line) for line in walk((decisive,))}
    kept = {
        line.args[0]
        for line in walk(tuple(server.block for server in nginx.servers))
        if line.name == "set" and line.args and (line.file, line.line) not in inside
    }
    return {f"${name}" for name in set_variables(decisive)} <= kept
