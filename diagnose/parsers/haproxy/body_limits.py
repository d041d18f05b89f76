"""The rules of HAProxy that refuse a request by the size of its body: `http-request deny if {
req.body_size gt 1048576 }`, or by the field Content-Length (Configuration Manual, section 7.3.6,
"req.body_size" and "req.hdr_val"). No I/O."""

import re
from collections.abc import Iterator, Sequence

from diagnose.model import Target
from diagnose.model.frozen import frozen
from diagnose.parsers.haproxy.conditions import Rule, holds, refusing_rules_of
from diagnose.parsers.haproxy.config import Line
from diagnose.parsers.haproxy.view import TargetProxies, refusal_status, situation_of

#: A comparison of the size with a number, in the words of a condition.
_COMPARISON = re.compile(
    r"(?:req\.body_(?:size|len)|(?:req\.)?(?:f?hdr|hdr_val)\(content-length\)(?:,\S{1,60})?)"
    r"(?: -m int)? (?P<operator>gt|ge|lt|le) (?P<size>\d{1,15})(?= |$)",
    re.IGNORECASE,
)


@frozen
class BodyRule:
    """A rule that refuses larger bodies: its line, the line that has the number (that of an ACL or
    its own), the number in bytes, and the status of the answer. `is_alone` is False if another rule
    may answer with this status too."""

    rule: Line
    line: Line
    size: int
    status: int
    is_alone: bool = True


def body_rules(proxies: TargetProxies, target: Target, path: str) -> tuple[BodyRule, ...]:
    """Return the rules of the frontend and the backend that may refuse a request of a path (without
    a query) for its size, the smallest first."""
    rules: list[BodyRule] = []
    statuses: list[int] = []
    for proxy in (proxies.frontend, *([proxies.backend] if proxies.backend else [])):
        refusing = refusing_rules_of(proxy)
        situation = situation_of(refusing, target, proxies.tls)
        for rule in refusing:
            if holds(rule, situation, path) is False:
                continue
            status = refusal_status(rule.line)
            statuses.append(status)
            for line, size in _sizes(rule, proxy.own("acl")):
                rules.append(BodyRule(rule.line, line, size, status))
    return tuple(
        BodyRule(each.rule, each.line, each.size, each.status, statuses.count(each.status) == 1)
        for each in sorted(rules, key=lambda rule: rule.size)
    )


def _sizes(rule: Rule, acls: Sequence[Line]) -> Iterator[tuple[Line, int]]:
    """Yield the lines with a comparison for which the rule refuses what is larger."""
    names = {word.lstrip("!"): word.startswith("!") for word in rule.line.words[2:]}
    lines = [(rule.line, False)]
    lines += [(acl, names[acl.words[1]]) for acl in acls if "".join(acl.words[1:2]) in names]
    for line, is_negated in lines:
        for match in _COMPARISON.finditer(" ".join(line.words)):
            is_own_negated = is_negated or match.string[: match.start()].endswith("!{ ")
            if (match["operator"].lower() in {"gt", "ge"}) != (is_own_negated != rule.negated):
                yield line, int(match["size"])
