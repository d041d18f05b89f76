"""The `if` of nginx whose condition holds for one request and not for another
(ngx_http_rewrite_module): what it does decides that the two are answered otherwise."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._answering_rules import own_request
from checks.nginx._commands import chosen_edits
from checks.nginx._edits import config_edits
from diagnose.model import Command, Edit, Evidence
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import Directive
from diagnose.model.told_answers import ToldAnswer, ToldDifference
from diagnose.parsers.nginx.access_rules import ClientRequest
from diagnose.parsers.nginx.conditions import condition_holds, request_variables, set_variables
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import remove_directive
from diagnose.parsers.nginx.locations import LocationMatch, match_location
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.urls import path_of


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
    fields = {**dict(plain.fields), **named}
    method = next((each.value for each in differences if each.part == "method"), "GET")
    told = replace(plain, fields=tuple(fields.items()), method=method)
    condition = deciding_condition(nginx, plain, told)
    file = nginx.file(condition) if condition else None
    if condition is None or file is None:
        return ()
    change = remove_directive(file.text, condition)
    return chosen_edits(nginx, config_edits(nginx, {condition.file: [change]}))
