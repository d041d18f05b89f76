"""What a web framework needs in its own source behind a proxy, and where a file has it. No I/O.

The facts come from `diagnose/frameworks/<id>.toml`. They are read after a symptom, and never for a
healthy site. A file is searched line by line, without its comments: a line of the framework's own
documentation is the place of the edit, and where no such line is found, nothing is said.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import diagnose
from diagnose.model import Target
from diagnose.model.applications import Topic
from diagnose.model.frozen import frozen
from diagnose.parsers.secrets import may_hold_secret
from diagnose.parsers.setting_fit import filled
from diagnose.parsers.setting_values import without_comments

FOLDER = Path(next(iter(diagnose.__path__))) / "frameworks"
#: Most characters of a page's line and of a line of source, most lines of a file and a statement.
MAX_LINE, MAX_CODE, MAX_LINES, MAX_STATEMENT = 2400, 400, 6000, 60
#: Lines behind the first in which others like it are replaced too.
_NEAR = 8
#: Most statements that are searched for what makes a change necessary.
_MAX_BEGINS = 20

_TEXT = re.compile(r"\"(?:[^\"\\]|\\.){0,400}\"|'(?:[^'\\]|\\.){0,400}'")


@frozen
class FrameworkChange:
    """What a framework's source or process lacks. `present` are patterns of lines that have it
    already; `line` is replaced by `write` (`every` such line near the first), or `add` comes
    `behind` a statement, behind (`after_line`) or before a line, or at the file's end
    (`last_line`). Only a program that has `needs` in a statement which `opens` begins is in
    want of it; with NODE_ENV=production `needs_production` does as well. `variable` and
    `argument` set it from outside to `value`, or to `socket_value` where the proxy comes by a
    Unix socket, and has no address; `trusts` are the proxies that need none. `build` is the
    command that brings a change into what is served, and `source` a file from which this one is
    built. A base path with `stripped` is right where the web server takes it off the path of a
    request too. `ends` are the ends of the names of the files that it is written for, () for all
    of the framework."""

    topic: Topic
    key: str
    ends: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    line: str = ""
    write: str = ""
    every: bool = False
    behind: tuple[str, ...] = ()
    after_line: tuple[str, ...] = ()
    before_line: tuple[str, ...] = ()
    last_line: bool = False
    add: str = ""
    variable: str = ""
    argument: str = ""
    value: str = ""
    socket_value: str = ""
    trusts: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    source: str = ""
    opens: str = ""
    needs: str = ""
    needs_production: str = ""
    stripped: bool = False


@frozen
class Framework:
    """A framework, and the files below a program's folder that have its source. `web` are the
    folders of these files seen from the folder that a web server serves, `words` those of a command
    line, and `asks` the paths of files that its pages load. With `page` the page itself is the file
    that is edited. `recognized` are the entries by which an answer shows it, as those of an
    application, and `settings` its own settings as one writes them, by topic."""

    id: str
    name: str
    files: tuple[str, ...] = ()
    web: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    contains: str = ""
    page: bool = False
    needs_restart: bool = True
    load: tuple[str, ...] = ()
    recognized: Mapping[str, Sequence[str]] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[FrameworkChange, ...] = ()


@frozen
class SourceEdit:
    """The lines of a file from line `number` on, and those that are right ("" for the old ones of
    lines that are only added, behind line `number`)."""

    number: int
    old: str
    new: str


@cache
def frameworks() -> tuple[Framework, ...]:
    """Return every framework; a damaged file is left out."""
    matching = list[Framework]()
    for path in sorted(FOLDER.glob("*.toml")):
        try:
            matching.append(_framework(path.stem, tomllib.loads(path.read_text("utf-8"))))
        except (OSError, ValueError, TypeError, KeyError):
            continue
    return tuple(matching)


def framework_of(name: str) -> Framework | None:
    return next((framework for framework in frameworks() if framework.id == name), None)


def framework_variables() -> tuple[str, ...]:
    """Return the environment variables that set what a framework needs."""
    names = (change.variable for framework in frameworks() for change in framework.changes)
    return tuple(dict.fromkeys(name for name in (*names, "NODE_ENV") if name))


def _framework(name: str, tables: Mapping[str, Any]) -> Framework:
    apart = {"change", "setting"}
    facts = {key: _frozen(value) for key, value in tables.items() if key not in apart}
    changes = (
        FrameworkChange(**{key: _frozen(value) for key, value in each.items()})
        for each in tables.get("change", ())
    )
    settings = tables.get("setting", {})
    return Framework(id=name, changes=tuple(changes), settings=settings, **facts)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def is_named(framework: Framework, words: Iterable[str]) -> bool:
    """Return whether a command line names it: `uvicorn`, `/usr/bin/gunicorn`."""
    names = {word.rpartition("/")[2] for word in list(words)[:20]}
    return not names.isdisjoint(framework.words)


def is_for(change: FrameworkChange, path: str) -> bool:
    """Return whether a change is written for the form of this file."""
    return not change.ends or path.endswith(change.ends)


def source_edit(
    change: FrameworkChange, text: str, target: Target, proxy: str, folder: str
) -> SourceEdit | None:
    """Return the edit that gives a file what it lacks; None if it has no such place."""
    lines = text.split("\n")[:MAX_LINES]
    bare = _code_lines(text)
    if has_it(change, text, target):
        return None
    for pattern in filter(None, (change.line, *change.behind, *change.after_line,
                                 *change.before_line)):  # fmt: skip
        source = _first(pattern, bare)
        if source is None:
            continue
        number, groups = source
        if pattern == change.line:
            return _replaced(change, lines, bare, number, target, proxy, folder)
        new = _written(change.add.strip("\n"), groups, target, proxy, folder)
        at = _end(bare, number) if pattern in change.behind else number
        at -= pattern in change.before_line
        return SourceEdit(at, "", new) if new and at >= 0 else None
    # The last line of a file mostly ends, and then an empty text follows it.
    if change.last_line and not lines[-1]:
        new = _written(change.add.strip("\n"), {}, target, proxy, folder)
        return SourceEdit(len(lines) - 1, "", new) if new else None
    return None


def _replaced(
    change: FrameworkChange, lines: Sequence[str], bare: Sequence[str], number: int,
    target: Target, proxy: str, folder: str,
) -> SourceEdit | None:  # fmt: skip
    """Return the edit of the line with this number, and of those like it that follow."""
    wanted, old, new = re.compile(change.line), list[str](), list[str]()
    last = number + _NEAR if change.every else number
    for line, code in zip(lines[number - 1 : last], bare[number - 1 : last], strict=False):
        # What stands in a comment of the line is kept.
        match = wanted.search(line.rstrip("\r")) if wanted.search(code[:MAX_LINE]) else None
        # The edit shows what stands between its lines.
        if match is None and may_hold_secret(line):
            break
        groups = {name: text or "" for name, text in match.groupdict().items()} if match else {}
        old.append(line)
        new.append(_written(change.write, groups, target, proxy, folder) if match else line)
    while old and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return SourceEdit(number, "\n".join(old), "\n".join(new)) if old and all(new[:1]) else None


def has_it(change: FrameworkChange, text: str, target: Target) -> bool:
    """Return whether a file has what the framework needs already, outside of comments."""
    bare = _code_lines(text)
    host, origin = re.escape(target.host), re.escape(target.origin)
    known = (each.replace("{host}", host).replace("{origin}", origin) for each in change.present)
    return any(_first(each, bare) for each in known)


def wants_it(change: FrameworkChange, text: str, is_production: bool) -> bool:
    """Return whether a file has what makes the change necessary, outside of comments."""
    if not change.opens:
        return True
    forms = (change.needs, change.needs_production if is_production else "")
    wanted = re.compile("|".join(filter(None, forms)))
    bare = _code_lines(text)
    begins = [number for number, line in enumerate(bare, 1) if re.search(change.opens, line)]
    return any(
        wanted.search("\n".join(bare[number - 1 : _end(bare, number)]))
        for number in begins[:_MAX_BEGINS]
        if _end(bare, number) > 0
    )


@lru_cache(maxsize=32)
def _code_lines(text: str) -> tuple[str, ...]:
    """Return the lines without their comments; those of a page as they are. A very long line is
    made by a program, and left out."""
    lines = text.split("\n")[:MAX_LINES]
    if text.lstrip()[:2].lower() in {"<!", "<h"}:
        return tuple(lines)
    short = (line if len(line) <= MAX_CODE else "" for line in lines)
    return tuple(without_comments("\n".join(short)).split("\n"))


def is_source_of(framework: Framework, text: str) -> bool:
    """Return whether a file may be this framework's: it has the words that one of it has."""
    return framework.contains in text


def _first(pattern: str, lines: Iterable[str]) -> tuple[int, Mapping[str, str]] | None:
    """Return the number of the first line with a pattern, from 1, and the pattern's groups."""
    wanted = re.compile(pattern)
    for number, line in enumerate(lines, 1):
        if match := wanted.search(line[:MAX_LINE].rstrip("\r")):
            return number, {name: text or "" for name, text in match.groupdict().items()}
    return None


def _end(lines: Sequence[str], number: int) -> int:
    """Return the line at which a statement ends; -1 if its brackets are not closed."""
    depth = 0
    for at, line in enumerate(lines[number - 1 : number - 1 + MAX_STATEMENT], number):
        plain = _TEXT.sub("", line[:MAX_LINE])
        depth += sum(plain.count(each) for each in "([{") - sum(plain.count(c) for c in ")]}")
        if depth <= 0 and not plain.rstrip().endswith("\\"):
            return at
    return -1


def _written(form: str, groups: Mapping[str, str], target: Target, proxy: str, folder: str) -> str:
    """Return a text with what is known; "" if a part of it is not."""
    text = filled(form, target, proxy, folder)
    if not text or ("{folder}" in form and not folder):
        return ""
    return re.sub(r"\{([a-z]{1,20})\}", lambda each: groups.get(each[1], each[0]), text)


def frameworks_for(
    topics: Iterable[Topic], asked: Iterable[str], folder: str
) -> Iterator[tuple[Framework, FrameworkChange]]:
    """Yield the changes about these topics; about a folder, those of the frameworks whose files the
    page asks for outside of that folder."""
    wanted, paths = frozenset(topics), tuple(asked)
    outside = [path for path in paths if folder and not path.startswith(f"{folder}/")]
    for framework in frameworks():
        for change in framework.changes:
            if change.topic not in wanted:
                continue
            is_asked = framework.page or any(
                part in path for part in framework.asks for path in outside
            )
            if change.topic != "base_path" or (outside and is_asked):
                yield framework, change
