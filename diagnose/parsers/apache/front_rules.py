"""Why the rule of an .htaccess that leads what is no file to the script of an application passes
over such a path, or takes a file: its engine is off, or a condition about files is wrong
(mod_rewrite, "RewriteEngine", "RewriteCond"). No I/O.

Only what one correction mends is a fault: the walk has to come to the script with it.
"""

import re
from collections.abc import Sequence
from typing import Literal

from diagnose.model.frozen import frozen
from diagnose.parsers.apache.config import Directive, flatten, parse
from diagnose.parsers.apache.folder_rules import leads_to_script
from diagnose.parsers.apache.rewrite_conditions import (
    alternatives,
    condition_truth,
    is_alternative,
)
from diagnose.parsers.apache.rewrite_flags import rewrite_flags
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search
from diagnose.parsers.server_request import ServerRequest, Truth, all_of, any_of, negated

#: What is wrong: the engine is off, a test of a file lacks its "!", two tests are alternatives
#: ([OR]), no test asks for files.
FrontFault = Literal["engine", "negation", "alternative", "untested"]

#: Maximum number of lines that are looked at.
_MAX_LINES = 300

#: A test string that is the path of the file which was asked for.
_FILE = re.compile(r"(?i)%\{(?:REQUEST_FILENAME|DOCUMENT_ROOT\}/?%\{REQUEST_URI)\}")
_TEST = re.compile(r"!?-[dfs]")
_OR = re.compile(r"(?i)\s*\[\s*(?:OR|ornext)\s*\]|,\s*(?:OR|ornext)\b|\b(?:OR|ornext)\s*,\s*")
_UNNEGATED = re.compile(r"(?<=[\s\"'])(?=-[dfs](?:[\s\"']|$))")
_ENGINE = re.compile(r"(?i)(\s*RewriteEngine\s+[\"']?)\w+([\"']?\s*)")


@frozen
class FaultyRule:
    """A rule that leads to a script, and why it does not as it is meant. `corrected` are the lines
    in the place of others, by their numbers, and `line` is the first of them."""

    rule: Directive
    fault: FrontFault
    corrected: dict[int, tuple[str, ...]]

    @property
    def line(self) -> int:
        return min(self.corrected)


def faulty_rule(
    text: str, file: str, folder: str, request: ServerRequest, is_file: bool
) -> FaultyRule | None:
    """Return the last rule that leads to a script, if one correction makes it lead a path there
    that is no file, or spare one that is (`is_file`). `folder` is the path of the URL of the
    .htaccess. None where any other rule may take the path."""
    lines = list(flatten(parse(text, file), {"ifmodule"}))[:_MAX_LINES]
    rules = [number for number, line in enumerate(lines) if line.name == "rewriterule"]
    front = [number for number in rules if leads_to_script(lines[number])]
    if not front or any(line.stop != line.line for line in lines):
        return None
    path = request.path.removeprefix(f"{folder.rstrip('/')}/")
    if any(
        _may_take(lines, number, path, request, is_file) for number in rules if number < front[-1]
    ):
        return None
    rule, conditions = lines[front[-1]], _conditions(lines, front[-1])
    if _matches(rule, path) is not True:
        return None
    rows = text.split("\n")
    engines = [line for line in lines if line.name == "rewriteengine"]
    is_on = bool(engines) and [word.lower() for word in engines[-1].args] == ["on"]
    truth = _hold(conditions, request, is_file)
    if not is_on:
        return _switched_on(rule, engines, lines, rows) if truth is True and not is_file else None
    if is_file:
        return _sparing(rule, conditions, rows) if truth is True else None
    others = [line for line in conditions if not _is_file_test(line)]
    is_kept_by_tests = truth is False and _hold(others, request, is_file) is True
    return _negated(rule, conditions, rows) if is_kept_by_tests else None


def _switched_on(
    rule: Directive, engines: Sequence[Directive], lines: Sequence[Directive], rows: Sequence[str]
) -> FaultyRule | None:
    if not engines:
        first = next(line.line for line in lines if line.name.startswith("rewrite"))
        row = rows[first - 1]
        indent = row[: len(row) - len(row.lstrip())]
        return FaultyRule(rule, "engine", {first: (f"{indent}RewriteEngine On", row)})
    match = _ENGINE.fullmatch(rows[engines[-1].line - 1])
    if match is None:
        return None
    return FaultyRule(rule, "engine", {engines[-1].line: (f"{match[1]}On{match[2]}",)})


def _negated(
    rule: Directive, conditions: Sequence[Directive], rows: Sequence[str]
) -> FaultyRule | None:
    """Return the rule with "!" before the tests of files that have none, if nothing else keeps it
    from what is no file."""
    wrong = [line for line in conditions if _is_file_test(line) and line.args[1][0] != "!"]
    changed = {line.line: _UNNEGATED.sub("!", rows[line.line - 1], count=1) for line in wrong}
    return _changed(rule, "negation", changed, rows)


def _sparing(
    rule: Directive, conditions: Sequence[Directive], rows: Sequence[str]
) -> FaultyRule | None:
    """Return the rule with tests that spare files."""
    tests = [line for line in conditions if _is_file_test(line)]
    alternatives = [line for line in tests if is_alternative(line)]
    if any(line.args[1][0] != "!" for line in tests):
        return None if alternatives else _negated(rule, conditions, rows)
    is_tested = any(line.args[1] in {"!-f", "!-s"} for line in tests)
    if alternatives:
        changed = {line.line: _OR.sub("", rows[line.line - 1], count=1) for line in alternatives}
        return _changed(rule, "alternative", changed, rows) if is_tested else None
    if is_tested:
        return None
    first = conditions[0].line if conditions else rule.line
    row = rows[first - 1]
    indent = row[: len(row) - len(row.lstrip())]
    missing = [test for test in ("!-f", "!-d") if all(line.args[1] != test for line in tests)]
    added = (f"{indent}RewriteCond %{{REQUEST_FILENAME}} {test}" for test in missing)
    return FaultyRule(rule, "untested", {first: (*added, row)})


def _changed(
    rule: Directive, fault: FrontFault, changed: dict[int, str], rows: Sequence[str]
) -> FaultyRule | None:
    """Return the rule with these lines; None if one of them is as it was."""
    if not changed or any(new == rows[number - 1] for number, new in changed.items()):
        return None
    return FaultyRule(rule, fault, {number: (new,) for number, new in changed.items()})


def _may_take(
    lines: Sequence[Directive], number: int, path: str, request: ServerRequest, is_file: bool
) -> bool:
    """Return whether an earlier rule takes the path, or may."""
    if _matches(lines[number], path) is False:
        return False
    return _hold(_conditions(lines, number), request, is_file) is not False


def _conditions(lines: Sequence[Directive], number: int) -> list[Directive]:
    """Return the conditions of a rule: those between it and the rule before."""
    own: list[Directive] = []
    for line in reversed(lines[:number]):
        if line.name == "rewriterule":
            break
        if line.name == "rewritecond":
            own.append(line)
    return own[::-1]


def _hold(conditions: Sequence[Directive], request: ServerRequest, is_file: bool) -> Truth:
    return all_of(
        any_of(_truth(condition, request, is_file) for condition in group)
        for group in alternatives(conditions)
    )


def _truth(condition: Directive, request: ServerRequest, is_file: bool) -> Truth:
    if not _is_file_test(condition):
        return condition_truth(condition, request)
    test = condition.args[1]
    truth: Truth = is_file and not test.endswith("d")
    return negated(truth) if test.startswith("!") else truth


def _is_file_test(condition: Directive) -> bool:
    return (
        len(condition.args) > 1
        and _FILE.fullmatch(condition.args[0]) is not None
        and _TEST.fullmatch(condition.args[1]) is not None
    )


def _matches(rule: Directive, path: str) -> Truth:
    """Return whether a pattern matches a path of the folder; None if it is not understood."""
    pattern = "".join(rule.args[:1])
    own = pattern.removeprefix("!")
    if len(own) > 500 or not is_supported_pcre(own):
        return None
    ignores_case = "NC" in rewrite_flags(rule)
    is_match = pcre_search(own, path, ignores_case) is not None
    return is_match is not pattern.startswith("!")
