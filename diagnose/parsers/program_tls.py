"""Where a program names its files of TLS: the output of program_tls.sh, and the paths that such
words may mean. No I/O."""

import posixpath
import re
from collections.abc import Iterator

from diagnose.model.frozen import frozen
from diagnose.model.processes import NamingLine, Starter
from diagnose.parsers.program_starters import parse_starter
from diagnose.parsers.sanitize import clean
from diagnose.parsers.secrets import may_hold_secret
from diagnose.parsers.whole_numbers import whole_number

_NAMED = re.compile(r"[A-Za-z0-9._/@+${}~-]{1,200}\.(?:pem|crt|cer|key)(?![A-Za-z0-9])")
_LINE = re.compile(r"(\d{1,7}) (/[^:\x00-\x1f]{1,300}):(.{1,320})")
_UNENDED = re.compile(r"(\d{1,7}) (/[^:\x00-\x1f]{1,300})")
#: A variable inside of a text: `${name}`, `$name`, `{name}`.
_VARIABLE = re.compile(r"\$\{[^}]{0,80}\}|\{[^}]{0,80}\}|\$[A-Za-z_][A-Za-z0-9_]{0,60}")
#: What names the file of a key: the word alone is no secret.
_KEY_FILE = re.compile(r"(?i)[\w.-]{0,60}key[\w.-]{0,60}['\"`]?\s{0,8}[:=,(]?[^;{}:=]{0,80}?FILE")
#: Comments of the formats that are read.
_COMMENT = re.compile(r"\s*(?:#|;|//|/?\*)")
#: Most lines and words.
_MAX = 200
#: Where certbot keeps the files that programs name by their last part.
_LIVE = "/etc/letsencrypt/live/*"


@frozen
class ProgramNames:
    """A program, and the lines and words by which it names files of TLS."""

    process: str = ""
    folder: str = ""
    unit: str = ""
    starter: Starter | None = None
    words: tuple[str, ...] = ()
    lines: tuple[NamingLine, ...] = ()


def parse_program_names(text: str) -> ProgramNames:
    """Return what program_tls.sh tells. Comments are left out, and lines that may hold a secret or
    that are not shown as they are: an edit could not name them."""
    facts, start = dict[str, str](), list[str]()
    words, ends = dict[str, None](), set[tuple[str, int]]()
    names = list[tuple[int, str, str]]()
    for row in text.split("\n")[:2000]:
        word, _, rest = row.partition(" ")
        if word == "start":
            start.append(rest)
        elif word == "word":
            words[clean(rest, 300)] = None
        elif word == "line" and (match := _LINE.fullmatch(rest)):
            names.append((whole_number(match[1]) or 0, match[2], match[3]))
        elif word == "unended" and (match := _UNENDED.fullmatch(rest)):
            ends.add((match[2], whole_number(match[1]) or 0))
        elif word in {"process", "folder", "unit"}:
            facts.setdefault(word, clean(rest, 300))
    lines = list[NamingLine]()
    for number, file, line in names:
        if _COMMENT.match(line):
            continue
        bare = _KEY_FILE.sub("FILE", _NAMED.sub("FILE", line))
        is_plain = all(each.isprintable() or each == "\t" for each in line)
        is_shown = is_plain and not may_hold_secret(bare)
        for match in _NAMED.finditer(line):
            words[match[0]] = None
            if is_shown:
                is_last = (file, number) in ends
                lines.append(NamingLine(file, number, line, match[0], is_last))
    starter = parse_starter("\n".join(start)) if start else None
    return ProgramNames(
        facts.get("process", ""), facts.get("folder", ""), facts.get("unit", ""), starter,
        tuple(words)[:_MAX], tuple(lines[:_MAX]),
    )  # fmt: skip


def meant_paths(named: str, folders: tuple[str, ...]) -> Iterator[str]:
    """Yield the paths that a word may mean, as patterns of glob(7): a relative one begins in the
    program's folder, or in that of the file which names it. A variable stands for any name."""
    pattern = _VARIABLE.sub("*", named)
    if pattern.startswith("/"):
        yield posixpath.normpath(pattern)
    bare = pattern.lstrip("/")
    for folder in folders:
        if folder.startswith("/"):
            yield posixpath.normpath(posixpath.join(folder, bare))
            if "/" not in pattern and folder != "/":
                yield posixpath.normpath(posixpath.join(folder, "*", bare))
    if "/" not in pattern.strip("*/"):
        yield f"{_LIVE}/{posixpath.basename(pattern)}"
