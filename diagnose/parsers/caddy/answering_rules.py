"""Follows a request through Caddy's routes to what answers it: an application, files, or a rule of
its own. No I/O.

A route takes the request if its matchers hold. Its handlers come in order; one that answers ends
the request (Caddy's JSON, "http.servers.routes"). Of routes in one group the first that matches is
taken. Where nothing answers, Caddy sends 200 without a body.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from diagnose.model.server_rules import AddressTest, AnsweringRule, Question
from diagnose.model.web_servers import ServerFile
from diagnose.parsers.caddy.document import (
    MAX_DEPTH,
    application_of,
    asks_first,
    at,
    dictionaries,
    dictionary,
    text_of,
    texts,
)
from diagnose.parsers.caddy.matchers import questions_of, route_matches, words_of
from diagnose.parsers.caddy.rewrites import rewritten_path
from diagnose.parsers.sanitize import clean
from diagnose.parsers.server_request import ServerRequest

#: Maximum number of rules of a request, and of words of conditions.
MAX_RULES, MAX_TEXT = 20, 400

#: Handlers that always answer, so that no rule of Caddy's follows them.
_ANSWERS = {"reverse_proxy", "acme_server", "metrics", "templates", "push"}

#: Handlers that leave the answer to those behind them.
_PASSES = {
    "vars", "headers", "encode", "request_body", "authentication", "map", "tracing", "log_append",
    "intercept", "",
}  # fmt: skip


@dataclass
class _Walk:
    """A request on its way. `questions` are those of the routes that it may have taken; `missed`
    the conditions, other than on the path, of routes that hold an application and did not take
    it. `may_end` is True if a route that it may have taken answers, and `tests` are what the routes
    around ask about the visitor's address."""

    request: ServerRequest
    found: list[AnsweringRule] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    is_answered: bool = False
    may_end: bool = False
    tests: tuple[tuple[AddressTest, ...], ...] = ()


def answering_rules(document: object, request: ServerRequest) -> tuple[AnsweringRule, ...]:
    """Return Caddy's own answers to a request: those that are given, or may be. The last one has no
    `rule` if nothing answers."""
    walk = _Walk(request)
    for server in list(dictionary(at(document, "apps", "http", "servers")).values())[:100]:
        listens = texts(at(server, "listen"))
        if not any(listen.rpartition(":")[2] == str(request.port) for listen in listens):
            continue
        routes = dictionaries(at(server, "routes"))
        if any(route_matches(route, request) is True for route in routes if route.get("match")):
            _follow(walk, routes, (), "", 0)
            break
    else:
        return ()
    if not walk.is_answered and len(walk.found) < MAX_RULES and (walk.missed or not walk.may_end):
        condition = clean("; ".join(walk.missed[:5]), MAX_TEXT)
        questions: tuple[Question, ...] = ("other",) if walk.found or walk.may_end else ()
        path, websocket = request.path, request.websocket
        walk.found.append(AnsweringRule(path, 200, "", condition, questions, websocket))
    return tuple(walk.found)


def _follow(
    walk: _Walk,
    routes: Sequence[dict[str, object]],
    outer: tuple[Question, ...],
    words: str,
    depth: int,
) -> None:
    """Follow the request through a list of routes until something answers."""
    groups: set[str] = set()
    outer_tests = walk.tests
    walk.may_end = walk.may_end or depth > MAX_DEPTH
    for number, route in enumerate(routes if depth <= MAX_DEPTH else (), 1):
        group = text_of(route.get("group"))
        truth = False if group and group in groups else route_matches(route, walk.request)
        # The first routes are chosen by the site's name, which is no condition of a rule.
        own = words_of(route) if depth else ""
        if truth is False:
            if _holds_application(route, 0) and own and not _is_about_path(route):
                walk.missed.append(own)
            continue
        if group and truth:
            groups.add(group)
        unknown = () if truth else questions_of(route, walk.request) or ("other",)
        condition = " ".join(filter(None, (words, own)))
        handlers = dictionaries(route.get("handle"))
        tests, own_test = walk.tests, _address_test(route, unknown)
        walk.tests = (*tests, own_test) if own_test else tests
        for place, handler in enumerate(handlers, 1):
            _handle(walk, handler, (*outer, *unknown), condition, depth)
            if walk.is_answered and depth and truth:
                # Caddy writes directives with the same matcher into one route.
                rest: dict[str, object] = {"handle": handlers[place:]}
                others = [e for e in routes[number:] if text_of(e.get("group")) not in groups]
                _note_bypassed(walk, [rest, *others])
            if walk.is_answered or len(walk.found) >= MAX_RULES:
                return
        # The application takes whom the route takes: what follows is for the others.
        is_left = own_test and _holds_application(route, 0)
        walk.tests = (*tests, _joined("none", (own_test,))) if is_left else tests
        if truth and route.get("terminal") is True:
            return
    walk.tests = outer_tests


def _address_test(
    route: dict[str, object], unknown: tuple[Question, ...]
) -> tuple[AddressTest, ...]:
    """Return what a route asks about the visitor's address; () if it asks nothing."""
    if not unknown:
        return ()
    # Imported late: few sites ask for the visitor's address.
    from diagnose.parsers.address_tests import UNKNOWN
    from diagnose.parsers.caddy.address_matchers import address_test

    return address_test(route) if unknown == ("address",) else UNKNOWN


def _joined(
    test: Literal["all", "none"], members: tuple[tuple[AddressTest, ...], ...]
) -> tuple[AddressTest, ...]:
    from diagnose.parsers.address_tests import joined

    return joined(test, members)


def _note_bypassed(walk: _Walk, later: Sequence[dict[str, object]]) -> None:
    """Note the application that would get the request, had the last rule not answered it."""
    if not walk.found or walk.found[-1].bypassed or not walk.found[-1].is_certain:
        return
    for route in later:
        if route_matches(route, walk.request) is True and (application := application_of(route)):
            walk.found[-1] = replace(walk.found[-1], bypassed=clean(application, 300))
            return


def _handle(
    walk: _Walk,
    handler: dict[str, object],
    questions: tuple[Question, ...],
    words: str,
    depth: int,
) -> None:
    name = text_of(handler.get("handler"))
    status, rule = _answer(name, handler)
    if name == "subroute":
        _follow(walk, dictionaries(handler.get("routes")), questions, words, depth + 1)
    elif name == "rewrite":
        walk.request = rewritten(walk.request, handler)
    elif name == "file_server" or name in _ANSWERS:
        is_end = not handler.get("pass_thru") and not asks_first(handler)
        walk.is_answered = is_end and not questions
        walk.may_end = walk.may_end or is_end
    elif rule:
        login: tuple[Question, ...] = ("login",) if name == "authentication" else ()
        own = tuple(dict.fromkeys((*questions, *login)))
        tests = _joined("all", walk.tests) if walk.tests else ()
        path, websocket = walk.request.path, walk.request.websocket
        walk.found.append(AnsweringRule(path, status, rule, words, own, websocket, refuses=tests))
        walk.is_answered = not questions and name != "authentication"
    elif name not in _PASSES:
        # A redirect, which is never an empty page, or a handler of a plugin.
        is_redirect = name == "static_response"
        walk.is_answered = is_redirect and not questions
        walk.may_end = walk.may_end or not is_redirect


def _answer(name: str, handler: dict[str, object]) -> tuple[int, str]:
    """Return the status of a handler that answers by itself, and its directive; 0 and "" for
    others. A redirect is no rule."""
    if name == "authentication" and "http_basic" in dictionary(handler.get("providers")):
        return 401, "basic_auth"
    if name == "error":
        status = _number(handler.get("status_code"), 500)
        return status, f"error {status}"
    if name != "static_response" or texts(at(handler, "headers", "Location")):
        return 0, ""
    if handler.get("abort") is True:
        return 0, "abort"
    status = _number(handler.get("status_code"), 200)
    return status, f"respond {status}"


def _number(value: object, default: int) -> int:
    text = str(value) if isinstance(value, int | str) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) == 3 else default


def rewritten(request: ServerRequest, handler: dict[str, object]) -> ServerRequest:
    """Return the request with the path that the following matchers see."""
    path = rewritten_path(request.path, handler)
    return request if path is None else replace(request, path=path)


def _is_about_path(route: dict[str, object]) -> bool:
    """Return whether a matcher names paths: that a path is not served may be meant."""
    sets = dictionaries(route.get("match"))
    return any({"path", "path_regexp"} & set(matcher_set) for matcher_set in sets)


def _holds_application(route: dict[str, object], depth: int) -> bool:
    """Return whether a route leads to an application or to files."""
    handlers = dictionaries(route.get("handle"))
    if any(
        text_of(handler.get("handler")) in {"reverse_proxy", "file_server"} for handler in handlers
    ):
        return True
    inner = (route for handler in handlers for route in dictionaries(handler.get("routes")))
    return depth < MAX_DEPTH and any(_holds_application(route, depth + 1) for route in inner)


def placed_rules(
    rules: Sequence[AnsweringRule], files: Sequence[ServerFile], path: str
) -> tuple[AnsweringRule, ...]:
    """Return the rules with their line and its words, where one line alone can be meant; `path` is
    the visitor's path."""
    return tuple(replace(_placed(rule, files), path=path) for rule in rules)


def _placed(rule: AnsweringRule, files: Sequence[ServerFile]) -> AnsweringRule:
    lines = [
        (file, number, words)
        for file in files
        for number, words in _lines(file.text)
        if _is_line_of(rule, words)
    ]
    if len(lines) != 1:
        return rule
    file, number, words = lines[0]
    text = clean(" ".join(word for word in words if word != "{"), 300)
    return replace(rule, rule=text, file=file.path, line=number)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(text.splitlines()[:20_000], 1):
        words = line.split()
        if words and not words[0].startswith("#"):
            yield number, words


def _is_line_of(rule: AnsweringRule, words: list[str]) -> bool:
    """Return whether a line of a Caddyfile is the directive of the rule."""
    name, _, status = rule.rule.partition(" ")
    if name == "basic_auth":
        return words[0] in {"basicauth", "basic_auth"}
    is_default = status == "200" and not any(_is_status(word) for word in words)
    return words[0] == name and (not status or status in words or is_default)


def _is_status(word: str) -> bool:
    return len(word) == 3 and word.isascii() and word.isdigit()
