"""A rule of HAProxy that takes a path of another backend besides those of its own, and the edit
after which it does not (Configuration Manual, chapter 7):

- two definitions of one ACL are an OR, as "or" is between the parts of a condition: a test of the
  site's name and one of the path take every path of the site;
- "path_beg /api" is true for /api-docs, as is a regular expression without "^" or an end.

Each edit is tried on the text: the other backend gets the path after it, and the rule still takes
the paths which it names. An ACL that other rules use, such as one that refuses, stays as it is.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Literal as Choice

from checks.server import indentation, line_edit, line_text
from checks.server._haproxy import HaproxyView, place, with_word
from checks.server._haproxy_conditions import literals
from diagnose.model import Edit
from diagnose.model.frozen import frozen
from diagnose.parsers.haproxy.conditions import Literal, Rule, holds, rules_of
from diagnose.parsers.haproxy.config import Line
from diagnose.parsers.haproxy.criteria import Criterion
from diagnose.parsers.haproxy.view import (
    parsed,
    path_to_backends,
    situation_of,
    target_proxies,
)

Fault = Choice["twice", "either", "beginning"]
Changes = Mapping[int, tuple[str, ...]]

#: Maximum number of edits that are tried: each reads the whole configuration again.
MAX_TRIED = 12
#: A path that needs no quotes, and is the same in a regular expression.
_PLAIN_PATH = re.compile(r"(?:/[\w-]{1,100}){1,10}", re.ASCII)
#: The words with which a regular expression begins that has no more than a path in it.
_LEADING_WORDS = re.compile(r"\^?/?\??((?:[\w-]+/?)+)", re.ASCII)


@frozen
class NarrowedRule:
    """Why a rule takes too much, in which part of its condition (`literal`, a test or an ACL) or by
    which value, where that is written, and the edit."""

    fault: Fault
    literal: str
    place: str
    edit: Edit


@frozen
class _Candidate:
    fault: Fault
    literal: str
    line: Line
    changes: Changes


def narrowed_rule(haproxy: HaproxyView, rule: Rule, path: str, other: str) -> NarrowedRule | None:
    """Return the first edit after which a backend, `other`, gets a path and the rule keeps the
    paths that it names; None if there is none."""
    texts = literals(_condition(rule.line))
    if rule.negated or not texts or rule.line.starts_with("default_backend"):
        return None
    for candidate in islice(_candidates(haproxy, rule, texts, path), MAX_TRIED):
        edit = line_edit(haproxy.view, rule.line.file, candidate.changes)
        if edit and _is_right(haproxy, rule, candidate.changes, path, other):
            own = place(candidate.line)
            return NarrowedRule(candidate.fault, candidate.literal, own, edit)
    return None


def _condition(line: Line) -> tuple[str, ...]:
    return line.words[line.words.index("if") + 1 :] if "if" in line.words else ()


def _candidates(
    haproxy: HaproxyView, rule: Rule, texts: list[str], path: str
) -> Iterator[_Candidate]:
    yield from _of_alternatives(haproxy, rule, texts)
    parts = [text for text in texts if text != "or"]
    all_literals = [literal for term in rule.alternatives for literal in term]
    if len(parts) != len(all_literals):
        return
    for text, literal in zip(parts, all_literals, strict=True):
        if literal.negated:
            continue
        yield from _of_definitions(haproxy, rule, texts, text, literal)
        for criterion in literal.criteria:
            if criterion.subject == "path":
                values = [value for value in criterion.values if _may_take(criterion, value, path)]
                yield from _of_values(haproxy, rule, texts, text, criterion, values)


def _of_alternatives(haproxy: HaproxyView, rule: Rule, texts: list[str]) -> Iterator[_Candidate]:
    """A test of the name, or one of the path: both have to be true."""
    terms = rule.alternatives
    subjects = [{c.subject for literal in term for c in literal.criteria} for term in terms]
    if len(terms) == 2 and {"host"} in subjects and {"path"} in subjects and texts.count("or") == 1:
        parts = [text for text in texts if text != "or"]
        text = _rewritten(haproxy, rule.line, parts)
        yield _Candidate("either", " or ".join(parts), rule.line, {rule.line.number: (text,)})


def _of_definitions(
    haproxy: HaproxyView, rule: Rule, own_texts: list[str], name: str, literal: Literal
) -> Iterator[_Candidate]:
    """One name of an ACL for a test of the site's name and for one of the path."""
    lines = _definitions(haproxy, name)
    subjects = [criterion.subject for criterion in literal.criteria]
    if len(lines) != len(subjects) or set(subjects) != {"host", "path"}:
        return
    new = f"{name}_path"
    if not _is_only_user(haproxy, rule, name) or _definitions(haproxy, new):
        return
    texts = [text for own in own_texts for text in ((own, new) if own == name else (own,))]
    changes = {rule.line.number: _rewritten(haproxy, rule.line, texts)}
    for line, subject in zip(lines, subjects, strict=True):
        if subject == "path":
            changes[line.number] = with_word(_text(haproxy, line), name, new)
    if all(changes.values()):
        rows: Changes = {number: (text,) for number, text in changes.items()}
        yield _Candidate("twice", name, lines[-1], rows)


def _of_values(
    haproxy: HaproxyView,
    rule: Rule,
    texts: list[str],
    text: str,
    criterion: Criterion,
    values: Iterable[str],
) -> Iterator[_Candidate]:
    """A value that is true for more paths than those which are meant."""
    is_named = not text.startswith("{")
    if is_named and not _is_only_user(haproxy, rule, text):
        return
    lines = _definitions(haproxy, text) if is_named else [rule.line]
    for value in values:
        line = next((line for line in lines if value in line.words), None)
        for words in _narrower(criterion, value) if line else ():
            assert line is not None
            rows = _with_test(haproxy, line, texts, text, words)
            if line.keyword == "acl" and rows and words.get("path_beg") == "path_reg":
                # A second definition of the name: either is enough.
                below = _with_test(haproxy, line, texts, text, {value: f"{value}/"})
                whole = _with_test(haproxy, line, texts, text, {"path_beg": "path"})
                rows = (*below, *whole) if "-m" not in line.words else ()
            if rows:
                yield _Candidate("beginning", value, line, {line.number: rows})


def _may_take(criterion: Criterion, value: str, path: str) -> bool:
    """Return whether a value may be true for a path, so that a long list costs no trials."""
    is_text = criterion.method in {"beg", "sub"}
    return not is_text or value.lower() in path.lower()


def _narrower(criterion: Criterion, value: str) -> Iterator[dict[str, str]]:
    """Yield the words of a test that take the place of others, so that it is true for fewer
    paths."""
    is_plain = _PLAIN_PATH.fullmatch(f"/{value.strip('/')}") is not None
    if criterion.method == "beg" and is_plain and not value.endswith("/"):
        if len(criterion.values) == 1:
            yield {"path_beg": "path_reg", value: f"^{value}(/|$)"}
        yield {value: f"{value}/"}
    elif criterion.method == "sub" and is_plain and len(criterion.values) == 1:
        yield {"path_sub": "path_beg", value: f"/{value.strip('/')}/"}
    elif criterion.method == "reg":
        anchored = value if value.startswith("^") else f"^{value}"
        yield {value: anchored}
        if not value.endswith("$"):
            yield {value: f"{anchored}(/|$)"}


def _with_test(
    haproxy: HaproxyView, line: Line, texts: list[str], text: str, words: Mapping[str, str]
) -> tuple[str, ...]:
    """Return a line with other words in a test: that of an ACL, or one in the braces of a rule; ()
    if nothing changes, or a word needs quotes."""
    is_acl = line.keyword == "acl"
    own = line.words[2:] if is_acl else tuple(text.split())
    changed = [words.get(word, word) for word in own]
    if changed == [*own] or literals(own) is None or (not is_acl and texts.count(text) != 1):
        return ()
    if is_acl:
        head = " ".join(line.words[:2])
        return (f"{indentation(_text(haproxy, line))}{head} {' '.join(changed)}",)
    new = [" ".join(changed) if each == text else each for each in texts]
    return (_rewritten(haproxy, line, new),)


def _rewritten(haproxy: HaproxyView, line: Line, texts: list[str]) -> str:
    """Return a rule with other words as its condition."""
    head = line.words[: line.words.index("if") + 1]
    return f"{indentation(_text(haproxy, line))}{' '.join([*head, *texts])}"


def _is_only_user(haproxy: HaproxyView, rule: Rule, name: str) -> bool:
    """Return whether no other rule of the frontend has an ACL in its condition."""
    lines = haproxy.proxies.frontend.lines
    names = {name, f"!{name}"}
    users = [line for line in lines if line.keyword != "acl" and names & {*line.words}]
    return users == [rule.line]


def _definitions(haproxy: HaproxyView, name: str) -> list[Line]:
    acls = haproxy.proxies.frontend.own("acl")
    return [line for line in acls if line.words[1:2] == (name,)]


def _text(haproxy: HaproxyView, line: Line) -> str:
    return line_text(haproxy.view, line.file, line.number)


def _is_right(haproxy: HaproxyView, rule: Rule, changes: Changes, path: str, other: str) -> bool:
    """Return whether the other backend gets the path by the changed text, and the rule's own still
    gets a path that the rule names."""
    config, target = haproxy.view.config, haproxy.view.evidence.target
    named = _named_paths(rule)
    if config is None or not named:
        return False
    name = rule.line.file
    files = tuple(
        replace(file, text=_changed(file.text, changes)) if name in {file.path, file.real} else file
        for file in config.files
    )
    changed = parsed(replace(config, files=files))
    expected = {path: other, **dict.fromkeys(named, rule.backend)}
    chosen = {each: target_proxies(changed, target, each) for each in expected}
    moved, own_rules = chosen[path], rules_of(haproxy.proxies.frontend)
    if moved is None or path in named or rule not in own_rules:
        return False
    rules = rules_of(moved.frontend)[own_rules.index(rule) :][:1]
    situation = situation_of(rules, target, moved.tls)
    inner = path_to_backends(moved.frontend, target, moved.tls, path)
    return all(holds(changed_rule, situation, inner) is False for changed_rule in rules) and all(
        proxies is not None and proxies.is_decided and proxies.backend_name == expected[each]
        for each, proxies in chosen.items()
    )


def _changed(text: str, changes: Changes) -> str:
    rows = enumerate(text.split("\n"), 1)
    return "\n".join(row for number, own in rows for row in changes.get(number, (own,)))


def _named_paths(rule: Rule) -> tuple[str, ...]:
    """Return the first path that a rule names, with one below it; () if it names none."""
    for term in rule.alternatives:
        for literal in term:
            for criterion in literal.criteria:
                if criterion.subject == "path" and not literal.negated:
                    return _paths_of(criterion)
    return ()


def _paths_of(criterion: Criterion) -> tuple[str, ...]:
    for value in criterion.values:
        if match := _LEADING_WORDS.match(value):
            is_whole = criterion.method == "beg" and not value.endswith("/")
            return (f"/{match[1].strip('/')}/x", *([value] if is_whole else ()))
    return ()
