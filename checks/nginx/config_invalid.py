"""nginx -t refuses the configuration on disk. A running nginx goes on with the one it has loaded;
the next start, after a reboot for instance, fails.

Three slips are put right by what stands there: a directive's name with one letter wrong, a
semicolon that was forgotten at the end of a line, a block that the file does not close. nginx
tests whatever is changed before it is loaded.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Literal

from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Edit,
    Evidence,
    Fix,
    Location,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.nginx import ConfigFile, Directive, NginxTest, TestMessage
from diagnose.parsers.nginx import config as wire
from diagnose.parsers.nginx import directive_versions as known
from diagnose.parsers.nginx.edits import Change, indentation

#: Shorter names are too much like one another.
SHORTEST = 5

#: A word, a quoted string, a comment, or the blanks between them (ngx_conf_read_token).
_TOKEN = re.compile(
    r"""(?P<blank>\s+)|(?P<comment>\#[^\n]*)|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^\s]+"""
)
_END_OF_FILE = "unexpected end of file"


@frozen
class Slip:
    """What is wrong, where, and what puts it right. `word` is the wrong one, `meant` the right."""

    kind: Literal["name", "semicolon", "brace"]
    file: ConfigFile
    line: int
    changes: tuple[tuple[str, Change], ...]  # each with the file's path
    word: str = ""
    meant: str = ""


@check(
    severity=Severity.ERROR,
    needs=[NginxTest],
    # What was renewed or changed cannot be loaded before the configuration is right.
    explains=[
        "nginx.not-running",
        "nginx.reload-needed",
        "nginx.reload-failed",
        "certificate.renewed-not-loaded",
    ],
)
def config_invalid(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    if nginx.test is None or nginx.test.passed:
        return
    said = nginx.test.fatal or TestMessage("emerg", "")
    place = f"{said.file}:{said.line}" if said.file else ""
    slip = _slip(nginx, said)
    edits = _edits(nginx, slip)
    yield Claim(
        about=Subject(text=place or nginx.test.config),
        because=(nginx.test, *([nginx.state] if nginx.state else [])),
        facts={
            "message": said.text.removesuffix(f" in {place}"),
            "place": place,
            "file": said.file or nginx.test.config,
            "line": said.line or "",
            "running": bool(nginx.master),
            "known": bool(edits),
            "word": slip.word if slip else "",
            "meant": slip.meant if slip else "",
            "semicolon": slip is not None and slip.kind == "semicolon",
            "brace": slip is not None and slip.kind == "brace",
            "slip": f"{slip.file.path}:{slip.line}" if slip else "",
        },
        location=_location(nginx, said),
        fix=_fix(nginx, edits, bool(place)),
    )


def _edits(nginx: Nginx, slip: Slip | None) -> tuple[Edit, ...]:
    changes: dict[str, list[Change]] = {}
    for path, change in slip.changes if slip else ():
        changes.setdefault(path, []).append(change)
    return nginx.edited(changes)


def _fix(nginx: Nginx, edits: tuple[Edit, ...], placed: bool) -> Fix:
    if edits:
        return Fix((*edits, *nginx.taken()))
    step = Manual("correct" if placed else "correct-somewhere", Where.SERVER)
    return Fix((step, *nginx.taken()), Applicability.MANUAL)


def _location(nginx: Nginx, said: TestMessage) -> Location | None:
    """The caret under the word that nginx complains of, if it stands on the line it names."""
    file = nginx.config.file(said.file) if nginx.config and said.file else None
    if file is None or said.line is None:
        return None
    lines = file.text.split("\n")
    line = lines[min(said.line, len(lines)) - 1]
    words = [word for word in re.findall(r'"([^"]+)"', said.text) if word in line]
    at = line.find(words[0]) if words else len(line) - len(line.lstrip())
    end = at + (len(words[0]) if words else len(line.strip()))
    return wire.spot(file, said.line, at + 1, end + 1)


# What was meant


def _slip(nginx: Nginx, said: TestMessage) -> Slip | None:
    files = nginx.config.files if nginx.config else ()
    trees = {one.path: wire.parse(one.text, one.path) for one in files}
    if name := re.match(r'unknown directive "([^"]+)"', said.text):
        return _name(nginx, said, name[1])
    forgotten = [one for file in files for one in _semicolons(file, trees[file.path])]
    if forgotten and any(one.file.path == (said.file or one.file.path) for one in forgotten):
        # All of them: nginx names the next as soon as the first is right.
        every = tuple(change for one in forgotten for change in one.changes)
        return replace(forgotten[0], changes=every)
    file = next((one for one in files if one.path == said.file), None)
    if file and said.text.startswith(_END_OF_FILE):
        return _brace(file, trees[file.path])
    return None


def _name(nginx: Nginx, said: TestMessage, name: str) -> Slip | None:
    """The one directive whose name is this with a letter too many, too few, wrong or exchanged."""
    one = nginx.at(said.file, said.line, name)
    file = nginx.file(one) if one else None
    if one is None or file is None or nginx.config is None or len(name) < SHORTEST:
        return None
    meant = [word for word in _names() if _is_nearly(name, word)]
    exact = [word for word in meant if word == name.lower()]
    meant = exact or meant
    if len(meant) != 1 or not file.text.startswith(name, one.start):
        return None
    # nginx names the first; what was copied is wrong in the same way.
    every = {(each.file, each.start) for each in wire.walk(nginx.config.main) if each.name == name}
    changes = tuple((path, Change(at, at + len(name), meant[0])) for path, at in sorted(every))
    return Slip("name", file, one.line, changes, name, meant[0])


def _names() -> Iterator[str]:
    """Every directive that nginx itself has, those of modules that may be missing left out."""
    from crossplane.analyzer import DIRECTIVES

    return (word for word in DIRECTIVES if not known.module(word) and word not in known.GONE)


def _is_nearly(one: str, other: str) -> bool:
    """Whether a single slip of the fingers lies between them."""
    if abs(len(one) - len(other)) > 1:
        return False
    one = one.lower()
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if at is None:
        return True
    rest, wanted = one[at:], other[at:]
    exchanged = rest[1::-1] + rest[2:] if len(rest) > 1 else rest
    return rest[1:] in {wanted, wanted[1:]} or rest == wanted[1:] or exchanged == wanted


def _semicolons(file: ConfigFile, tree: tuple[Directive, ...]) -> Iterator[Slip]:
    """Where one was forgotten: at the end of a block, or before a line that begins with another
    directive's name and so became part of the one before."""
    names = set(_names())
    for one in wire.walk(tree):
        if one.end in {"}", ""} and one.block is None and one.name in names:
            yield Slip(
                "semicolon", file, _line(file, one.stop), (_semicolon(file, _last(file, one)),)
            )
        elif "_by_lua" not in one.name and one.name in names:
            at = _swallowed(file, one, names)
            if at is not None:
                yield Slip("semicolon", file, _line(file, at), (_semicolon(file, at),))


def _semicolon(file: ConfigFile, at: int) -> tuple[str, Change]:
    return file.path, Change(at, at, ";")


def _line(file: ConfigFile, at: int) -> int:
    return file.text.count("\n", 0, at) + 1


def _tokens(file: ConfigFile, one: Directive) -> Iterator[tuple[re.Match[str], bool]]:
    """The words of a directive's head, and whether each is the first of a further line."""
    first = False
    stop = one.opened - 1 if one.opened else one.stop
    for found in _TOKEN.finditer(file.text, one.start, stop):
        if found["blank"]:
            first = first or "\n" in found[0]
        elif not found["comment"]:
            yield found, first
            first = False


def _last(file: ConfigFile, one: Directive) -> int:
    """Where its last word ends: a comment may stand behind it."""
    return max((found.end() for found, _ in _tokens(file, one)), default=one.stop)


def _swallowed(file: ConfigFile, one: Directive, names: set[str]) -> int | None:
    """Where the last word ends before a line that is another directive."""
    end = one.start
    for found, first in _tokens(file, one):
        if first and found[0] in names and len(found[0]) > 3:
            return end
        end = found.end()
    return None


def _brace(file: ConfigFile, tree: tuple[Directive, ...]) -> Slip | None:
    """Where the one brace belongs that is missing, by how the lines are indented: before the first
    directive that stands as far to the left as the block around it, else at the file's end."""
    text = file.text
    open_ones = [one for one in wire.walk(tree) if one.block is not None and one.stop == len(text)]
    closed = text.rstrip(" \t").endswith("}") and len(text) == len(text.rstrip("\n"))
    if len(open_ones) - closed != 1:
        return None
    indented = [block for block in wire.walk(tree) if _is_indented(text, block)]
    found = [
        (block, before, inner)
        for block in indented
        for before, inner in pairwise(block.block or ())
        if _begins_line(text, inner) and not _is_within(text, inner, block)
    ]
    if not found and not (open_ones and open_ones[0] in indented):
        return None
    if any(one is not found[0][0] for one, _, _ in found):
        return None
    block, at, lead = open_ones[0], len(text), "" if text.endswith("\n") else "\n"
    if found:
        block, before, _ = found[0]
        at, lead = text.find("\n", before.stop) + 1, ""
    line = f"{lead}{indentation(text, block)}}}\n"
    return Slip("brace", file, _line(file, at - 1), ((file.path, Change(at, at, line)),))


def _is_indented(text: str, block: Directive) -> bool:
    """Whether the lines of a block stand further to the right than its head."""
    inner = (block.block or ())[:1]
    return all(_begins_line(text, one) and _is_within(text, one, block) for one in inner)


def _begins_line(text: str, one: Directive) -> bool:
    return not text[text.rfind("\n", 0, one.start) + 1 : one.start].strip()


def _is_within(text: str, inner: Directive, block: Directive) -> bool:
    return len(indentation(text, inner)) > len(indentation(text, block))
