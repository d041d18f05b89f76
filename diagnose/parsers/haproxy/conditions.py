"""Evaluates the conditions of HAProxy's rules as far as they are known here (Configuration Manual,
chapter 7): by the name of the site, TLS, the port, and the beginning of the path. No I/O."""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from diagnose.model.frozen import frozen
from diagnose.parsers.haproxy.config import Line, Proxy
from diagnose.parsers.haproxy.criteria import (
    MAX_VALUES,
    PREDEFINED,
    Criterion,
    criterion_of,
    variables_of,
    with_fetch,
)
from diagnose.parsers.haproxy.dynamic_backends import choices, dynamic_backend
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search
from diagnose.parsers.web_sites import name_matches

#: Maximum number of rules and names of a frontend, and of alternatives of a condition.
MAX_RULES, MAX_NAMES, MAX_ALTERNATIVES = 300, 100, 16

#: Maximum number of comparisons of a name with a value, for all sites of a frontend.
MAX_WORK = 300_000


@frozen
class Literal:
    """An ACL of a condition: it is true if one of the criteria is."""

    criteria: tuple[Criterion, ...]
    negated: bool = False


@frozen
class Situation:
    """What is known of a request: the site's name (perhaps with wildcards, "" for any other name),
    whether it came over TLS to this frontend, and the port (0 if it is unknown). `writes_port` is
    True if the Host field has the port behind the name: it is not the one of the scheme. `host` is
    the requested name itself, "" if it is not one request. `anonymous` is True of a request
    without a password: of others it is not known. `agent` is its User-Agent and `verb` its method,
    "" if that is not known."""

    name: str = ""
    tls: bool = False
    port: int = 0
    writes_port: bool = False
    host: str = ""
    anonymous: bool = False
    agent: str = ""
    verb: str = ""


@frozen
class Match:
    """The requests for which a condition is true: with paths that begin with one of `prefixes`, by
    characters ("path_beg /app" takes /apple), or that are one of them if it is `exact` ("path").
    `conditional` is True if that depends on more than is known here, and `websocket` if it is true
    for WebSocket handshakes only."""

    prefixes: tuple[str, ...] = ("/",)
    conditional: bool = False
    websocket: bool = False
    exact: bool = False


@frozen
class Rule:
    """A line with its condition as alternatives of literals; () if it has none. `negated` is True
    for "unless". `backend` is the name that it chooses; a line that chooses by a map is a rule for
    each row. `leaves` is True if that is no backend's name, so that HAProxy takes the default."""

    line: Line
    alternatives: tuple[tuple[Literal, ...], ...] = ()
    negated: bool = False
    backend: str = ""
    leaves: bool = False


def rules_of(proxy: Proxy) -> tuple[Rule, ...]:
    """Return the rules of a frontend that choose a backend or redirect, in their order."""
    return _rules(proxy, _is_rule)


def refusing_rules_of(proxy: Proxy) -> tuple[Rule, ...]:
    """Return the rules of a proxy that answer a request themselves (Configuration Manual,
    "http-request auth", "deny", "return", "tarpit"), in their order."""
    return _rules(proxy, lambda line: line.words[:2] in _REFUSALS)


def field_rules_of(proxy: Proxy, name: str) -> tuple[Rule, ...]:
    """Return the rules of a proxy that change a field of the request, in their order."""
    return _rules(
        proxy,
        lambda line: line.words[:2] in _FIELD_CHANGES and line.words[2:3] != ()
        and line.words[2].lower() == name.lower(),
    )  # fmt: skip


def path_rules_of(proxy: Proxy) -> tuple[Rule, ...]:
    """Return the rules of a proxy that change the path of a request, in their order."""
    return _rules(proxy, lambda line: line.words[:2] in _PATH_CHANGES)


_PATH_CHANGES = {
    ("http-request", action)
    for action in ("replace-path", "replace-pathq", "replace-uri", "set-path", "set-pathq")
}
_FIELD_CHANGES = {
    ("http-request", f"{action}-header") for action in ("set", "add", "del", "replace")
}
_REFUSALS = {("http-request", action) for action in ("auth", "deny", "return", "tarpit")}


def _rules(proxy: Proxy, is_wanted: Callable[[Line], bool]) -> tuple[Rule, ...]:
    acls: dict[str, list[Criterion]] = {}
    variables = variables_of(proxy)
    for line in proxy.own("acl"):
        criteria = acls.setdefault("".join(line.words[1:2]), [])
        if sum(len(criterion.values) for criterion in criteria) < MAX_VALUES:
            criteria.append(criterion_of(with_fetch(line.words[2:], variables)))
    lines = (line for line in proxy.lines if is_wanted(line))
    return tuple(
        rule
        for line in itertools.islice(lines, MAX_RULES)
        for rule in _expanded(_rule(line, acls, variables), proxy)
    )


def _is_rule(line: Line) -> bool:
    return line.keyword in {"use_backend", "redirect"} or line.starts_with(
        "http-request", "redirect"
    )


def _rule(
    line: Line, acls: Mapping[str, Sequence[Criterion]], variables: Mapping[str, str]
) -> Rule:
    word, words = _condition(line)
    backend = line.words[1] if line.keyword == "use_backend" and len(line.words) > 1 else ""
    return Rule(line, _alternatives(words, acls, variables), word == "unless", backend)


def _expanded(rule: Rule, proxy: Proxy) -> Iterator[Rule]:
    """Yield a rule, or one for each backend that it may choose by the request."""
    dynamic = dynamic_backend(rule.line)
    criterion_of_rule = criterion_of((dynamic.fetch,)) if dynamic else Criterion("")
    backend_choices = (
        choices(dynamic, proxy) if dynamic and criterion_of_rule.subject in _DYNAMIC else None
    )
    is_unread = (
        dynamic is not None and dynamic.method == "reg" and criterion_of_rule.subject != "host"
    )
    if backend_choices is None or rule.negated or is_unread:
        yield rule
        return
    for choice in backend_choices:
        criterion = replace(criterion_of_rule, method=choice.method, values=(choice.value,))
        literals = (Literal((criterion,)),) if choice.value else ()
        terms = tuple((*term, *literals) for term in rule.alternatives or ((),))
        leaves = choice.backend not in proxy.backends
        yield replace(
            rule,
            alternatives=terms if terms != ((),) else (),
            backend=choice.backend,
            leaves=leaves,
        )


#: What a request is asked for in the place of a backend's name, as far as it is evaluated.
_DYNAMIC = {"host", "sni", "path"}


def host_patterns(rules: Sequence[Rule]) -> tuple[str, ...]:
    """Return the names that the rules of a frontend mention: exact ones first, then patterns."""
    names = dict.fromkeys(
        pattern
        for rule in rules
        for term in rule.alternatives
        for literal in term
        for criterion in literal.criteria
        for pattern in _patterns(criterion)
    )
    # Each name is compared with each value.
    max_names = min(MAX_NAMES, max(1, MAX_WORK // (len(names) + sum(map(_size, rules)) + 1)))
    return tuple(sorted(names, key=lambda name: "*" in name)[:max_names])


def _size(rule: Rule) -> int:
    literals = (literal for term in rule.alternatives for literal in term)
    return sum(len(criterion.values) + 1 for literal in literals for criterion in literal.criteria)


def holds(rule: Rule, situation: Situation, path: str) -> bool | None:
    """Return whether the condition of a rule is true for an ordinary request of this path; None if
    that is not known."""
    if not rule.alternatives:
        return True
    terms = [
        _all(literal_holds(literal, situation, path) for literal in t) for t in rule.alternatives
    ]
    truth = True if True in terms else None if None in terms else False
    return truth if truth is None else truth != rule.negated


def _all(values: Iterator[bool | None]) -> bool | None:
    known_values = list(values)
    return False if False in known_values else None if None in known_values else True


def literal_holds(literal: Literal, situation: Situation, path: str) -> bool | None:
    """Return whether a literal is true for an ordinary request; None if that is not known."""
    values = [_path_or_other(criterion, situation, path) for criterion in literal.criteria]
    truth = True if True in values else None if None in values else False
    return truth if truth is None else truth != literal.negated


def _path_or_other(criterion: Criterion, situation: Situation, path: str) -> bool | None:
    if criterion.subject != "path":
        return _criterion_truth(criterion, situation)
    return _is_text(criterion, path)


def _is_text(criterion: Criterion, text: str) -> bool | None:
    """Return whether a criterion holds for a path or a User-Agent; None if that is not known."""
    if criterion.method == "reg":
        return _matches_any(criterion.values, text, criterion.ignore_case)
    values = criterion.values
    if criterion.ignore_case:
        values, text = tuple(value.lower() for value in values), text.lower()
    match criterion.method:
        case "dir":
            return any(f"/{value.strip('/')}/" in f"{text}/" for value in values)
        case "str":
            return text in values
        case "beg":
            return text.startswith(values)
        case "end":
            return text.endswith(values)
        case "sub":
            return any(value in text for value in values)
        case "found":
            return True
        case _:
            return None


def match_of(rule: Rule, situation: Situation) -> Match | None:
    """Return for which requests the condition of a rule is true; None if it never is."""
    if not rule.alternatives:
        return Match()
    results = [_term(term, situation) for term in rule.alternatives]
    if rule.negated:
        return _inverse(results)
    matches = [match for match in results if match is not None]
    plain = [match for match in matches if not match.conditional and not match.websocket]
    if plain:
        # A path that must be the whole path, beside others that begin one, is read as a beginning.
        prefixes = tuple(dict.fromkeys(prefix for m in plain for prefix in m.prefixes))
        return Match(prefixes, exact=all(match.exact for match in plain))
    return matches[0] if matches else None


def _inverse(results: Sequence[Match | None]) -> Match | None:
    matches = [match for match in results if match is not None]
    if not matches:
        return Match()
    always = any(
        match.prefixes == ("/",) and not match.conditional and not match.websocket
        for match in matches
    )
    return None if always else Match(conditional=True)


def _alternatives(
    words: Sequence[str],
    acls: Mapping[str, Sequence[Criterion]],
    variables: Mapping[str, str],
) -> tuple[tuple[Literal, ...], ...]:
    terms: list[tuple[Literal, ...]] = []
    term: list[Literal] = []
    negated, index = False, 0
    while index < len(words) and len(terms) < MAX_ALTERNATIVES:
        word = words[index]
        while word.startswith("!"):
            negated, word = not negated, word[1:]
        index += 1
        if word in {"||", "or", "OR"}:
            terms.append(tuple(term))
            term = []
        elif word == "{":
            stop = words.index("}", index) if "}" in words[index:] else len(words)
            inner = with_fetch(words[index:stop], variables)
            term.append(Literal((criterion_of(inner),), negated))
            index, negated = stop + 1, False
        elif word:
            term.append(Literal(_named(word, acls), negated))
            negated = False
    return (*terms, tuple(term)) if term else tuple(terms)


def _named(name: str, acls: Mapping[str, Sequence[Criterion]]) -> tuple[Criterion, ...]:
    """Return the criteria of an ACL; several definitions of one name are alternatives."""
    return tuple(acls.get(name, ())) or (PREDEFINED.get(name, Criterion("")),)


def _condition(line: Line) -> tuple[str, tuple[str, ...]]:
    """Return "if" or "unless" with the words behind it; "" if the rule has no condition."""
    for index, word in enumerate(line.words):
        if word in {"if", "unless"}:
            return word, line.words[index + 1 :]
    return "", ()


def _patterns(criterion: Criterion) -> Iterator[str]:
    """Return the names that a criterion accepts, as patterns with "*"."""
    if criterion.subject not in {"host", "sni"} or criterion.method == "reg":
        return
    for value in criterion.values:
        text = re.sub(r":[0-9]+$", "", value.lower())
        shape = {"beg": "{}*", "end": "*{}", "dom": "*{}*", "sub": "*{}*"}
        yield shape.get(criterion.method, "{}").replace("{}", text)


def _term(term: tuple[Literal, ...], situation: Situation) -> Match | None:
    """Return the requests for which all literals are true; None if that is never so."""
    prefixes: tuple[str, ...] = ("/",)
    conditional = websocket = exact = False
    for literal in term:
        paths = [c for c in literal.criteria if c.subject == "path" and c.method in {"str", "beg"}]
        truth = _truth(literal, situation)
        if truth is False:
            return None
        if truth is True:
            continue
        if len(paths) == len(literal.criteria) and not literal.negated and prefixes == ("/",):
            prefixes = tuple(value for criterion in paths for value in criterion.values)
            exact = all(criterion.method == "str" for criterion in paths)
            # Beside others, a rule for the start page alone would take every path.
            conditional = conditional or (
                not exact and any(c.method == "str" and "/" in c.values for c in paths)
            )
        elif all(c.subject == "websocket" for c in literal.criteria) and not literal.negated:
            websocket = True
        else:
            conditional = True
    return Match(prefixes or ("/",), conditional, websocket, exact and bool(prefixes))


def _truth(literal: Literal, situation: Situation) -> bool | None:
    """Return whether a literal is true, None if that is unknown."""
    values = [_criterion_truth(criterion, situation) for criterion in literal.criteria]
    truth = True if True in values else None if None in values else False
    return truth if truth is None else truth != literal.negated


def _criterion_truth(criterion: Criterion, situation: Situation) -> bool | None:
    match criterion.subject:
        case "true" | "false":
            return criterion.subject == "true"
        case "login":
            return False if situation.anonymous else None
        case "tls" | "plain":
            return situation.tls == (criterion.subject == "tls")
        case "port":
            return str(situation.port) in criterion.values if situation.port else None
        case "agent" | "method":
            text = situation.agent if criterion.subject == "agent" else situation.verb
            return _is_text(criterion, text) if text else None
        case "host" if _lacks_port(criterion, situation):
            return False
        case "sni" if criterion.is_own is not None and criterion.is_own != situation.tls:
            return False  # there is no such handshake
        case "host" | "sni" if criterion.method == "reg":
            host = situation.host
            return _matches_any(criterion.values, host) if host else None
        case "host" | "sni":
            patterns = tuple(_patterns(criterion))
            name = situation.name
            if "*" in name:
                return name in patterns
            return bool(name) and any(name_matches(pattern, name) for pattern in patterns)
    return None


def _matches_any(patterns: Sequence[str], text: str, ignore_case: bool = False) -> bool | None:
    """Return whether a text matches one of regular expressions; None if that is not known."""
    if not all(len(pattern) <= 300 and is_supported_pcre(pattern) for pattern in patterns):
        return None
    return any(pcre_search(pattern, text, ignore_case) for pattern in patterns)


def _lacks_port(criterion: Criterion, situation: Situation) -> bool:
    """Return whether the Host field ends with a port, and no value of the criterion does."""
    if not situation.writes_port or criterion.strips_port or criterion.method not in {"str", "end"}:
        return False
    return not any(value.endswith(f":{situation.port}") for value in criterion.values)
