"""The RewriteRule of a virtual host that leads a path to a file of the site. Rules come before
ProxyPass and Alias: mod_rewrite translates a URL first, and nobody translates again what it has
translated, unless the rule has [PT] (mod_rewrite, "RewriteRule Flags"). No I/O."""

import re

from diagnose.model.frozen import frozen
from diagnose.parsers.apache.config import Directive, parse
from diagnose.parsers.apache.rewrite_conditions import condition_truth, conditions_hold
from diagnose.parsers.apache.rewrite_flags import rewrite_flags
from diagnose.parsers.apache.rewrite_lines import rewrite_lines
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search
from diagnose.parsers.server_request import ServerRequest

#: What is true of a path that no file has: that of an application.
_NO_FILE = re.compile(r"!-[fdslLFU]")
#: Flags with which a rule leads to no file of the site.
_ELSEWHERE = {"P", "R", "F", "G", "PT", "H", "C", "S"}


@frozen
class PageRule:
    """A rule, its target, and the lines, from 1, of itself and of the first of its conditions."""

    number: int
    first: int
    target: str


def page_rule(text: str, first: int, last: int, request: ServerRequest) -> PageRule | None:
    """Return the rule of the virtual host from the line `first` to `last` that leads a path which
    no file has to a file; None if none does, or if that is not known."""
    conditions: list[Directive] = []
    begins = 0
    lines = list(rewrite_lines(text, first, last))
    for index, line in enumerate(lines):
        directive = next(iter(parse(line.text, "")), None)
        if directive is None or len(directive.args) < 2:
            return None
        begins = begins or line.number
        if not line.is_rule:
            conditions.append(directive)
            continue
        taken = line.is_on and _takes(directive, conditions, request)
        if taken is None:
            return None
        flags = rewrite_flags(directive).keys()
        if taken and (flags & _ELSEWHERE or not directive.args[1].startswith("/")):
            is_plain = directive.args[1] == "-" and not flags & {*_ELSEWHERE, "L", "END"}
            if not is_plain:
                return None
        elif taken:
            is_last = bool(flags & {"L", "END"}) or not any(
                each.is_rule for each in lines[index + 1 :]
            )
            return PageRule(line.number, begins, directive.args[1]) if is_last else None
        conditions, begins = [], 0
    return None


def _takes(rule: Directive, conditions: list[Directive], request: ServerRequest) -> bool | None:
    """Return whether a rule takes the path; None if that is not known."""
    pattern = rule.args[0].removeprefix("!")
    if not is_supported_pcre(pattern):
        return None
    is_match = pcre_search(pattern, request.path, "NC" in rewrite_flags(rule)) is not None
    if is_match == rule.args[0].startswith("!"):
        return False
    truth = conditions_hold(conditions, request)
    if truth is not None:
        return truth
    unknown = [condition for condition in conditions if condition_truth(condition, request) is None]
    return True if all(_NO_FILE.fullmatch(each.args[1]) for each in unknown) else None
