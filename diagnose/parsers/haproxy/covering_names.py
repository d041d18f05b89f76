"""A rule of a frontend that takes a name because it takes a part of it ("hdr_dom(host)
example.com", "hdr_end(host) example.com"), before the rule for the very name. No I/O."""

from diagnose.model import Target
from diagnose.model.frozen import frozen
from diagnose.parsers.haproxy.conditions import Rule, rules_of
from diagnose.parsers.haproxy.config import Line
from diagnose.parsers.haproxy.view import TargetProxies

_PARTS = frozenset({"dom", "end", "sub", "beg"})


@frozen
class CoveringName:
    """The rule that takes a name with others, and the one for the name alone, with their
    backends. `pattern` is the part of the name that the first one asks for."""

    first: Line
    backend: str
    pattern: str
    later: Line
    later_backend: str


def covering_name(proxies: TargetProxies, target: Target) -> CoveringName | None:
    """Return the rule that takes the target's name by a part of it alone, where a later rule, that
    asks for nothing else either, has the name itself and another backend; None without both."""
    selection = proxies.selection
    rule = selection.rule if selection else None
    values = _names(rule) if rule else ()
    host = target.host.lower()
    if selection is None or rule is None or not values or host in values:
        return None
    rules = rules_of(proxies.frontend)
    behind = rules[rules.index(rule) + 1 :] if rule in rules else ()
    for later in behind:
        is_backend = later.line.keyword == "use_backend" and proxies.config.backend(later.backend)
        if is_backend and later.backend != selection.backend and host in _names(later):
            return CoveringName(rule.line, selection.backend, values[0], later.line, later.backend)
    return None


def _names(rule: Rule) -> tuple[str, ...]:
    """Return the names that a condition asks for, if it asks for nothing else; () otherwise."""
    if len(rule.alternatives) != 1 or len(rule.alternatives[0]) != 1 or rule.negated:
        return ()
    (literal,) = rule.alternatives[0]
    criteria = literal.criteria
    if literal.negated or not all(c.subject in {"host", "sni"} for c in criteria):
        return ()
    if not all(c.method in {"str", *_PARTS} for c in criteria):
        return ()
    return tuple(value.lower().strip(".") for c in criteria for value in c.values)
