"""The rule of nginx that was meant for the paths below a folder, and takes the folder alone: a
`location =`, or a line of the `map` from which `proxy_pass` has its address."""

import re

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from diagnose.model import Applicability, Fix
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.locations import (
    LocationMatch,
    all_locations,
    location_pattern,
    proxy_pass_of,
)
from diagnose.parsers.nginx.variables import map_of

_VARIABLE = re.compile(r"\$\{?(\w+)\}?")
#: Variables that hold the path: a line of such a map is a path, or a regular expression.
_PATHS = frozenset({"$uri", "$request_uri", "$document_uri"})
_FOLDER = re.compile(r"(?:/[\w.~-]{1,60}){1,4}/?")


@frozen
class NearRule:
    """A rule for a folder alone, and how it is written for what is below it, too."""

    directive: Directive
    written: str
    edit: TextEdit

    @property
    def text(self) -> str:
        """The rule as it is."""
        words = self.directive.text
        return words if self.directive.block is not None else f"{words};"


def near_rule(nginx: Nginx, path: str) -> NearRule | None:
    """Return the only rule for a folder above the path that takes the folder alone; None if there
    are several, or none."""
    rules = {
        (rule.directive.file, rule.directive.start): rule
        for match in nginx.location_matches(path)
        for rule in (*_exact_locations(nginx, match, path), *_map_lines(nginx, match, path))
    }
    return next(iter(rules.values())) if len(rules) == 1 else None


def near_fix(nginx: Nginx, rule: NearRule) -> Fix | None:
    """Return the fix that widens the rule. Which application is meant, a person confirms."""
    edit = config_edit(nginx, rule.directive.file, rule.edit)
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW) if edit else None


def _exact_locations(nginx: Nginx, match: LocationMatch, path: str) -> list[NearRule]:
    rules: list[NearRule] = []
    blocks = {id(block) for block in match.blocks}
    for server in (each for each in nginx.servers if id(each.block) in blocks):
        for other in all_locations(server):
            pattern = location_pattern(other.block)
            target = proxy_pass_of(other)
            if pattern is None or pattern.modifier != "=" or target is None:
                continue
            # With a path of its own, `proxy_pass` would join it to the rest of the visitor's.
            has_path = "/" in (target.args[0].partition("://")[2] if target.args else "/")
            if not _is_above(pattern.text, path) or has_path:
                continue
            words = f"location {pattern.text}"
            if edit := _replaced(nginx, other.block, f"location = {pattern.text}", words):
                rules.append(NearRule(other.block, words, edit))
    return rules


def _map_lines(nginx: Nginx, match: LocationMatch, path: str) -> list[NearRule]:
    target = proxy_pass_of(match)
    rules: list[NearRule] = []
    for name in _VARIABLE.findall(target.args[0] if target and target.args else ""):
        block = map_of(match.blocks[0], name)
        if block is None or block.args[0] not in _PATHS:
            continue
        for line in block.block or ():
            if not line.args or not _is_above(line.name, path):
                continue
            key = "~^" + line.name.rstrip("/").replace(".", r"\.") + "(/|$)"
            if edit := _replaced(nginx, line, line.name, key):
                rules.append(NearRule(line, f"{key} {line.args[-1]};", edit))
    return rules


def _is_above(folder: str, path: str) -> bool:
    is_plain = _FOLDER.fullmatch(folder) is not None
    return is_plain and path.startswith(f"{folder.rstrip('/')}/") and path != folder


def _replaced(nginx: Nginx, directive: Directive, old: str, new: str) -> TextEdit | None:
    """Return the edit of the words with which a directive begins; None if it begins otherwise."""
    file = nginx.file(directive)
    text = file.text[directive.start : directive.stop] if file else ""
    if not text.startswith(old):
        return None
    return TextEdit(directive.start, directive.start + len(old), new)
