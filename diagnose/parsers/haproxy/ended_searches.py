"""Rules of HAProxy behind one whose map has no row for the request ("use_backend %[req.hdr(host),
map(FILE)]"): such a rule ends the search, no further one is tried, and the default takes the
request (Configuration Manual, "use_backend"). No I/O."""

from diagnose.model import Target
from diagnose.model.frozen import frozen
from diagnose.parsers.haproxy.conditions import holds, rules_of
from diagnose.parsers.haproxy.config import Line
from diagnose.parsers.haproxy.dynamic_backends import dynamic_backend
from diagnose.parsers.haproxy.view import TargetProxies, situation_of


@frozen
class EndedSearch:
    """The rules by a map that take a request and find no row for it (`ends`, the first of which
    ends the search), and the rule behind them that has a backend for it."""

    ends: tuple[Line, ...]
    later: Line
    backend: str


def ended_search(proxies: TargetProxies, target: Target) -> EndedSearch | None:
    """Return the rules that keep the target's path from a later one; None if there are none, or if
    it is not known which rule is true."""
    rules = rules_of(proxies.frontend)
    situation, path = situation_of(rules, target, proxies.tls), target.path_without_query
    ends: list[Line] = []
    for rule in rules:
        if rule.line.keyword != "use_backend" or rule.line in ends:
            continue
        truth = holds(rule, situation, path)
        if truth is None:
            return None
        if truth and not rule.leaves:
            return EndedSearch(tuple(ends), rule.line, rule.backend) if ends else None
        if truth:
            dynamic = dynamic_backend(rule.line)
            # A row, or the map's default, may name a backend that is not there.
            if dynamic is None or not dynamic.file or rule.backend:
                return None
            ends.append(rule.line)
    return None


def lookup_of(line: Line) -> str:
    """Return the expression by which a rule chooses ("req.hdr(host),map(FILE)"), "" without one."""
    name = "".join(line.words[1:2])
    return name.partition("%[")[2].rpartition("]")[0] if dynamic_backend(line) else ""
