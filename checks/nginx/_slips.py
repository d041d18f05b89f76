"""What is wrong in a configuration that nginx refuses, where its spelling shows it: a directive's
name with one wrong letter, a missing semicolon at the end of a line or between two directives of
one line, a block without its closing brace."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Literal

from checks.nginx import Nginx
from checks.nginx._errors import directive_at
from diagnose.model.frozen import frozen
from diagnose.model.nginx import ConfigFile, Directive, TestMessage
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import directive_versions as versions
from diagnose.parsers.nginx.edits import TextEdit, indentation

#: Characters. Shorter names resemble each other too much.
SHORTEST = 5
#: Names as short as this may lack one letter, where their words fit.
_SHORTEST_CUT = 3

#: A word, a quoted string, a comment, or the whitespace between them (ngx_conf_read_token).
_TOKEN = re.compile(
    r"""(?P<blank>\s+)|(?P<comment>\#[^\n]*)|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^\s]+"""
)
#: What nginx says where a block before was not closed.
_UNCLOSED = re.compile(
    r'unexpected end of file|location "[^"]*" is outside location'
    r'|"(?:server|location|upstream|map)" directive is not allowed here'
)
#: What nginx says where a directive has the words of the next one on its line.
_TOO_MANY_WORDS = re.compile(
    r'invalid number of arguments in "(?P<name>\w+)" directive'
    r'|(?:invalid parameter|invalid value) "(?P<word>\w+)"'
)
#: Numbers of arguments that a directive takes (crossplane's bit masks, those of ngx_conf_file.h).
_FEWEST = {"NGX_CONF_1MORE": 1, "NGX_CONF_2MORE": 2, "NGX_CONF_ANY": 0}
_MOST_COUNTED = 7


@frozen
class Slip:
    """What is wrong, where, and the changes that correct it. `typo` is the wrong word,
    `replacement` the right one, or the word before which a semicolon is missing in its line."""

    kind: Literal["name", "semicolon", "brace"]
    file: ConfigFile
    line: int
    changes: tuple[tuple[str, TextEdit], ...]  # each with the path of its file
    typo: str = ""
    replacement: str = ""


def find_slip(nginx: Nginx, message: TestMessage) -> Slip | None:
    files = nginx.config.files if nginx.config else ()
    trees = {
        config_file.path: nginx_parser.parse(config_file.text, config_file.path)
        for config_file in files
    }
    if name := re.match(r'unknown directive "([^"]+)"', message.text):
        return _misspelled_name(nginx, message, name[1])
    slips = [slip for file in files for slip in _missing_semicolons(file, trees[file.path])]
    if slips and any(slip.file.path == (message.file or slip.file.path) for slip in slips):
        # Fix all of them: nginx reports the next one only after the first is fixed.
        changes = tuple(change for slip in slips for change in slip.changes)
        return replace(slips[0], changes=changes)
    file = next((config_file for config_file in files if config_file.path == message.file), None)
    if file and (slip := _missing_semicolon_in_line(file, trees[file.path], message)):
        return slip
    if file and _UNCLOSED.match(message.text):
        return _missing_brace(file, trees[file.path])
    return None


def _misspelled_name(nginx: Nginx, message: TestMessage, name: str) -> Slip | None:
    """Return the error if exactly one directive differs from this name by one letter: added,
    missing, wrong or swapped."""
    directive = directive_at(nginx, message.file, message.line, name)
    file = nginx.file(directive) if directive else None
    if directive is None or file is None or nginx.config is None or len(name) < _SHORTEST_CUT:
        return None
    candidates = [
        candidate for candidate in _directive_names() if is_one_edit_apart(name, candidate)
    ]
    if len(name) < SHORTEST:
        # A third of the letters may be wrong here: one that is lost, and words that fit.
        candidates = [
            candidate
            for candidate in candidates
            if len(candidate) > len(name) and directive.block is None
            if _takes(candidate, len(directive.args))
        ]
    exact = [candidate for candidate in candidates if candidate == name.lower()]
    candidates = exact or candidates
    if len(candidates) != 1 or not file.text.startswith(name, directive.start):
        return None
    # nginx reports the first one; copies have the same error.
    occurrences = {
        (occurrence.file, occurrence.start)
        for occurrence in nginx_parser.walk(nginx.config.main)
        if occurrence.name == name
    }
    changes = tuple(
        (path, TextEdit(at, at + len(name), candidates[0])) for path, at in sorted(occurrences)
    )
    return Slip("name", file, directive.line, changes, name, candidates[0])


def _directive_names() -> Iterator[str]:
    """Yield every directive of nginx itself, without those of modules that may be missing."""
    from crossplane.analyzer import DIRECTIVES

    return (
        name for name in DIRECTIVES if not versions.module(name) and name not in versions.REMOVED
    )


def is_one_edit_apart(name: str, other_name: str) -> bool:
    """Return whether one typing error lies between the names."""
    if abs(len(name) - len(other_name)) > 1:
        return False
    name = name.lower()
    at = next((i for i, (a, b) in enumerate(zip(name, other_name, strict=False)) if a != b), None)
    if at is None:
        return True
    name_tail, other_tail = name[at:], other_name[at:]
    swapped_tail = name_tail[1::-1] + name_tail[2:] if len(name_tail) > 1 else name_tail
    return (
        name_tail[1:] in {other_tail, other_tail[1:]}
        or name_tail == other_tail[1:]
        or swapped_tail == other_tail
    )


def _missing_semicolons(file: ConfigFile, tree: tuple[Directive, ...]) -> Iterator[Slip]:
    """Yield missing semicolons: at the end of a block, and before each line that begins with
    another directive's name and was read as part of the previous directive."""
    names = set(_directive_names())
    for directive in nginx_parser.walk(tree):
        if "_by_lua" in directive.name or directive.name not in names:
            continue
        ends = [*_ends_before_swallowed(file, directive, names)]
        if directive.end in {"}", ""} and directive.block is None:
            ends.append(_last_token_end(file, directive))
        for at in ends:
            yield Slip("semicolon", file, _line_number(file, at), (_semicolon_change(file, at),))


def _missing_semicolon_in_line(
    file: ConfigFile, tree: tuple[Directive, ...], message: TestMessage
) -> Slip | None:
    """Return the missing semicolon if the reported directive has the words of another one on its
    line, and its words can be divided in one way only: both directives then have as many arguments
    as they take."""
    reason, names = _TOO_MANY_WORDS.match(message.text), set(_directive_names())
    if reason is None or message.line is None:
        return None
    ends: set[tuple[int, str]] = set()
    for directive in nginx_parser.walk(tree):
        is_named = directive.name == reason["name"] or reason["word"] in directive.args
        is_there = directive.line <= message.line and directive.block is None
        if not is_named or not is_there or directive.name not in names:
            continue
        tokens = [token for token, _ in _tokens(file, directive) if token[0] != ";"]
        if message.line != _line_number(file, max(directive.start, directive.stop - 1)):
            continue
        for index in range(2, len(tokens)):
            name = tokens[index][0]
            is_divided = name in names and len(name) > 3 and reason["word"] in {None, name}
            words_after = len(tokens) - index - 1
            if is_divided and _takes(directive.name, index - 1) and _takes(name, words_after):
                ends.add((tokens[index - 1].end(), name))
    if len(ends) != 1:
        return None
    at, name = ends.pop()
    change = _semicolon_change(file, at)
    return Slip("semicolon", file, _line_number(file, at), (change,), replacement=name)


def _takes(name: str, count: int) -> bool:
    """Return whether a directive without a block takes so many arguments."""
    from crossplane import analyzer

    fewest = min(
        (least for mask, least in _FEWEST.items() if _allows(name, getattr(analyzer, mask))),
        default=None,
    )
    if fewest is not None and count >= fewest:
        return True
    is_flag = count == 1 and _allows(name, analyzer.NGX_CONF_FLAG)
    return is_flag or (count <= _MOST_COUNTED and _allows(name, 1 << count))


def _allows(name: str, mask: int) -> bool:
    from crossplane import analyzer

    return any(
        bits & mask and not bits & analyzer.NGX_CONF_BLOCK for bits in analyzer.DIRECTIVES[name]
    )


def _semicolon_change(file: ConfigFile, at: int) -> tuple[str, TextEdit]:
    return file.path, TextEdit(at, at, ";")


def _line_number(file: ConfigFile, at: int) -> int:
    return file.text.count("\n", 0, at) + 1


def _tokens(file: ConfigFile, directive: Directive) -> Iterator[tuple[re.Match[str], bool]]:
    """Yield the words of a directive's head, and whether each is the first on a new line."""
    first = False
    stop = directive.opened - 1 if directive.opened else directive.stop
    for token in _TOKEN.finditer(file.text, directive.start, stop):
        if token["blank"]:
            first = first or "\n" in token[0]
        elif not token["comment"]:
            yield token, first
            first = False


def _last_token_end(file: ConfigFile, directive: Directive) -> int:
    """Return the end of the directive's last word. A comment may follow it."""
    return max((token.end() for token, _ in _tokens(file, directive)), default=directive.stop)


def _ends_before_swallowed(
    file: ConfigFile, directive: Directive, names: set[str]
) -> Iterator[int]:
    """Yield the end of the last word before each line that is another directive."""
    end = directive.start
    for token, first in _tokens(file, directive):
        if first and token[0] in names and len(token[0]) > 3:
            yield end
        end = token.end()


def _missing_brace(file: ConfigFile, tree: tuple[Directive, ...]) -> Slip | None:
    """Return the error if one closing brace is missing.

    The indentation shows where it belongs: before the first directive that is indented as little as
    the enclosing block, or else at the end of the file.
    """
    text = file.text
    open_blocks = [
        directive
        for directive in nginx_parser.walk(tree)
        if directive.block is not None and directive.stop == len(text)
    ]
    closed = text.rstrip(" \t").endswith("}") and len(text) == len(text.rstrip("\n"))
    if len(open_blocks) - closed != 1:
        return None
    indented = [block for block in nginx_parser.walk(tree) if _is_indented(text, block)]
    candidates = [
        (block, before, inner)
        for block in indented
        for before, inner in pairwise(block.block or ())
        if _begins_line(text, inner) and not _is_within(text, inner, block)
    ]
    if not candidates and not (open_blocks and open_blocks[0] in indented):
        return None
    if any(candidate_block is not candidates[0][0] for candidate_block, _, _ in candidates):
        return None
    block, at, lead = open_blocks[0], len(text), "" if text.endswith("\n") else "\n"
    if candidates:
        block, before, _ = candidates[0]
        at, lead = text.find("\n", before.stop) + 1, ""
    line = f"{lead}{indentation(text, block)}}}\n"
    return Slip("brace", file, _line_number(file, at - 1), ((file.path, TextEdit(at, at, line)),))


def _is_indented(text: str, block: Directive) -> bool:
    """Return whether the lines of a block are indented more than its head."""
    inner = (block.block or ())[:1]
    return all(
        _begins_line(text, directive) and _is_within(text, directive, block) for directive in inner
    )


def _begins_line(text: str, directive: Directive) -> bool:
    return not text[text.rfind("\n", 0, directive.start) + 1 : directive.start].strip()


def _is_within(text: str, inner: Directive, block: Directive) -> bool:
    return len(indentation(text, inner)) > len(indentation(text, block))
