r"""Reads the rules by which HAProxy changes the path of a request (Configuration Manual,
"http-request replace-path", "set-path", "replace-uri" and their kin), as far as they are known
here. No I/O.

replace-path, replace-pathq and replace-uri search a regular expression; where it is in the path,
the whole path becomes the replacement ("\1" is a group). set-path sets it to a text, in which
%[path] is the path, perhaps changed by the converter regsub (section 7.3.1).
"""

import re
from collections.abc import Iterator, Sequence

from diagnose.model.web_servers import PathChange
from diagnose.parsers.haproxy.conditions import Rule, Situation, match_of
from diagnose.parsers.sanitize import clean

#: Maximum number of changes of a proxy.
MAX_CHANGES = 20

_PATH = re.compile(
    r"(?P<before>[^%]{0,500})%\[path(?P<converters>(?:,regsub\((?:[^()]|\([^()]{0,200}\)){1,500}\)){0,4})\]"
    r"(?P<behind>[^%]{0,500})"
)
_REGSUB = re.compile(r",regsub\(((?:[^()]|\([^()]{0,200}\)){1,500})\)")
#: A pattern that only a query, or an address with its scheme, can match.
_OTHER_PART = re.compile(r"\\\?|\[\?\]|://(?![^)]*\)\?)")


def path_changes(rules: Sequence[Rule], situation: Situation) -> tuple[PathChange, ...]:
    """Return the changes that the rules of a proxy make in their order. One whose condition is
    unknown is left out."""
    changes: list[PathChange] = []
    for rule in rules:
        match = match_of(rule, situation)
        if match is None or match.conditional or match.websocket:
            continue
        beginnings = tuple(clean(prefix, 500) for prefix in match.prefixes)
        for pattern, replacement, whole, folds_case in _replacements(rule):
            changes.append(
                PathChange(
                    clean(pattern, 500),
                    clean(replacement, 500),
                    whole=whole,
                    folds_case=folds_case,
                    beginnings=() if beginnings == ("/",) and not match.exact else beginnings,
                    exact=match.exact,
                    file=rule.line.file,
                    line=rule.line.number,
                )
            )
    return tuple(changes[:MAX_CHANGES])


def _replacements(rule: Rule) -> Iterator[tuple[str, str, bool, bool]]:
    """Yield the regular expressions of a rule with their replacements; whether that becomes the
    whole path, and whether upper and lower case are the same."""
    words = rule.line.words
    action = words[1]
    if action in {"replace-path", "replace-pathq", "replace-uri"} and len(words) > 3:
        if not _OTHER_PART.search(words[2]) and "%" not in words[3]:
            yield words[2], words[3], True, False
    elif action in {"set-path", "set-pathq"} and len(words) > 2:
        yield from _set(words[2])


def _set(text: str) -> Iterator[tuple[str, str, bool, bool]]:
    if "%" not in text:
        yield "", _literal(text.partition("?")[0]), True, False
        return
    match = _PATH.fullmatch(text)
    if match is None:
        return
    for converter in _REGSUB.finditer(match["converters"]):
        parts = [part.strip("\"'") for part in converter[1].rsplit(",", 2)]
        flags = parts.pop() if len(parts) == 3 and set(parts[2]) <= set("gi") and parts[2] else ""
        if len(parts) == 3:
            parts = [parts[0], parts[1]] if not parts[2] else [f"{parts[0]},{parts[1]}", parts[2]]
        if len(parts) == 2:
            yield parts[0], parts[1], False, "i" in flags
    before, behind = match["before"], match["behind"].partition("?")[0]
    if before or behind:
        yield "(.*)", rf"{_literal(before)}\1{_literal(behind)}", True, False


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\")
