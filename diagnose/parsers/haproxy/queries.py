"""Finds rules of HAProxy that look for the query in the path. `path` and "replace-path" end before
the question mark (Configuration Manual, "path", "http-request replace-path"); `pathq` and
"replace-pathq" have the query as well. No I/O."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from diagnose.model import Target
from diagnose.model.frozen import frozen
from diagnose.parsers.haproxy.conditions import Rule, Situation, holds, path_rules_of, rules_of
from diagnose.parsers.haproxy.config import Line, Proxy
from diagnose.parsers.haproxy.criteria import Criterion
from diagnose.parsers.haproxy.view import TargetProxies, situation_of
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search
from diagnose.parsers.request_fields import MASKED

#: Maximum length of a regular expression, and of the path that it is compared with.
MAX_PATTERN, MAX_PATH = 300, 2000

#: Maximum number of backends in which a rule is looked for.
MAX_BACKENDS = 20


@frozen
class QueryRule:
    """A rule that would take a request if the path had its query. `value` is what it compares the
    path with. `backend` is the name that it would choose, "" of a rule that changes the path."""

    line: Line
    value: str
    backend: str = ""


def missed_queries(proxies: TargetProxies, target: Target, path: str) -> Iterator[QueryRule]:
    """Yield the rules that miss a path with a query: those of the frontend that choose another
    backend, and those that change the path, there and in the backends that may get it."""
    own, mark, _ = path.partition("?")
    if not mark or len(path) > MAX_PATH or MASKED in path:
        return  # a masked query is equal to every other one
    rules = rules_of(proxies.frontend)
    situation = situation_of(rules, target, proxies.tls)
    for rule in rules:
        value = _value_with_query(rule, path)
        is_other = rule.backend != proxies.backend_name
        is_missed = holds(rule, situation, own) is False
        if value and is_other and is_missed and holds(_with_query(rule, path), situation, own):
            yield QueryRule(rule.line, value, rule.backend)
    for proxy in (proxies.frontend, *_backends(proxies, rules, situation, own)):
        for rule in path_rules_of(proxy):
            pattern = rule.line.words[2] if len(rule.line.words) > 3 else ""
            is_replacing = rule.line.words[1] == "replace-path"
            is_used = is_replacing and holds(rule, situation, own) is not False
            if is_used and _needs_query(pattern, own, path):
                yield QueryRule(rule.line, pattern)


def _backends(
    proxies: TargetProxies, rules: Sequence[Rule], situation: Situation, own: str
) -> list[Proxy]:
    """Return the backend that gets a path; where that is not known, those that may get it."""
    if proxies.backend or proxies.is_decided:
        return [proxies.backend] if proxies.backend else []
    names = dict.fromkeys(
        rule.backend for rule in rules if rule.backend and holds(rule, situation, own) is not False
    )
    backends = (proxies.config.backend(name) for name in names)
    return [backend for backend in backends if backend][:MAX_BACKENDS]


def _needs_query(pattern: str, own: str, path: str) -> bool:
    """Return whether a regular expression matches the path with its query, and not without."""
    if not pattern or len(pattern) > MAX_PATTERN or not is_supported_pcre(pattern):
        return False
    return not pcre_search(pattern, own, False) and bool(pcre_search(pattern, path, False))


def _value_with_query(rule: Rule, path: str) -> str:
    """Return the value with a question mark by which a rule would take a path, "" if there is
    none."""
    return next(
        (
            value
            for term in rule.alternatives
            for literal in term
            for criterion in literal.criteria
            if not literal.negated
            for value in _taking(criterion, path)
        ),
        "",
    )


def _taking(criterion: Criterion, path: str) -> Iterator[str]:
    if criterion.subject != "path":
        return
    for value in criterion.values:
        takes = {
            "str": path == value,
            "beg": path.startswith(value),
            "end": path.endswith(value),
            "sub": value in path,
        }
        if "?" in value and takes.get(criterion.method, False):
            yield value


def _with_query(rule: Rule, path: str) -> Rule:
    """Return a rule whose values with a question mark are compared with the path and its query."""
    terms = tuple(
        tuple(
            replace(
                literal,
                criteria=tuple(
                    Criterion("true") if any(_taking(criterion, path)) else criterion
                    for criterion in literal.criteria
                ),
            )
            for literal in term
        )
        for term in rule.alternatives
    )
    return replace(rule, alternatives=terms)
