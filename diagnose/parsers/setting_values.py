"""The value of one setting in a program's configuration: where it stands, and what it is. No I/O.

A value that a program computes (a variable, a call, an included file) is found, and not `literal`:
what it is at last cannot be said. Of several places the last one counts.
"""

import re
from collections import deque
from collections.abc import Iterator
from typing import Literal

from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern

Format = Literal[
    "env", "ini", "yaml", "xml", "php-array", "php", "php-define", "python", "ruby", "js",
]  # fmt: skip

#: Characters of a file that are read, most values of a list, most places that set a key, and the
#: deepest brackets.
MAX_TEXT, MAX_VALUES, MAX_PLACES, MAX_DEPTH = 128 << 10, 64, 16, 200


@frozen
class SettingValue:
    """A setting as its file has it. `start` and `stop` are the offsets of the value in the text,
    `last` that behind the last entry of a list, and behind its opening bracket where it is empty
    (-1 if the value is no list). `is_literal` is False if the value is computed."""

    values: tuple[str, ...]
    start: int
    stop: int
    last: int = -1
    is_literal: bool = True


def setting_value(text: str, form: Format, key: str) -> SettingValue | None:
    """Return the last value of a key in a text of this format, None if it is not set."""
    text = text[:MAX_TEXT]
    values = deque(_READERS.get(form, _code)(text, form, key), maxlen=1)
    return values[0] if values else None


# Lines: NAME=VALUE, with sections in brackets


_LINE = lazy_pattern(r"[ \t]*(?:export[ \t]+)?([^=:\s#;][^=:\n]{0,120}?)[ \t]*[=:][ \t]*([^\n]*)")
_SECTION = lazy_pattern(r"[ \t]*\[([^\]\n]{1,100})\]")


def _lines(text: str, form: Format, key: str) -> Iterator[SettingValue]:
    """Of "section.name" the section may be missing in the file only where the key has none. A name
    that ends in [] collects its lines (PHP's parse_ini_file)."""
    section, _, name = key.rpartition(".") if form == "ini" else ("", "", key)
    here, at, collected = "", 0, list[str]()
    for line in text.split("\n"):
        start, at = at, at + len(line) + 1
        if head := _SECTION.match(line):
            here = head[1].strip()
            continue
        match = _LINE.match(line)
        if match is None or match[1].strip() != name or here != section:
            continue
        raw = match[2].rstrip("\r")
        value, begin = _unquoted(raw, form)
        first = start + match.start(2) + begin
        if name.endswith("[]"):
            collected.append(value)
            yield SettingValue(tuple(collected[:MAX_VALUES]), start, at - 1, at - 1)
            continue
        is_literal = "${" not in value and "%(" not in value
        yield SettingValue(_separated(value), first, first + len(value), -1, is_literal)


def _unquoted(raw: str, form: Format) -> tuple[str, int]:
    """Return a value without its quotes or the comment behind it, and how far from the beginning it
    starts."""
    if raw[:1] in {'"', "'"} and (end := raw.find(raw[0], 1)) > 0:
        return raw[1:end], 1
    bare = raw.partition(" ;")[0] if form == "ini" else raw
    return bare.partition(" #")[0].rstrip(), 0


def _separated(value: str) -> tuple[str, ...]:
    """Return the parts of a list that stands in one text, or the value alone."""
    parts = [part.strip() for part in re.split(r"[,\s]+", value.strip("[]"))]
    return tuple(part.strip("\"'") for part in parts if part)[:MAX_VALUES]


# YAML, and JSON as a part of it


def _yaml(text: str, form: Format, key: str) -> Iterator[SettingValue]:
    # Imported late: few programs are looked at.
    import yaml

    if bracket_depth(text) > MAX_DEPTH:
        return
    # Indentation of a line tells nothing in JSON, and a tab is refused there.
    source = text.replace("\t", " ") if text.lstrip()[:1] in {"{", "["} else text
    try:
        root = yaml.compose(source, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError, IndexError):
        return
    nodes = list(_nodes(root, tuple(key.split(".")), 0))
    for node in nodes[-1:]:
        yield _of_node(node, len(nodes) == 1)


def bracket_depth(text: str) -> int:
    """Return how deep brackets stand in each other: the library takes long for very deep ones."""
    depth = deepest = 0
    for bracket in re.findall(r"[\[\]{}]", text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _nodes(node: object, path: tuple[str, ...], depth: int) -> Iterator[object]:
    """Yield the nodes of a path. A key may be written with its dots ("server.basePath"), and a list
    on the way has the key in each of its entries."""
    import yaml

    if not path:
        yield node
    elif isinstance(node, yaml.SequenceNode) and depth < 8:
        for item in node.value[:MAX_VALUES]:
            if not isinstance(item, yaml.SequenceNode):
                yield from _nodes(item, path, depth + 1)
    elif isinstance(node, yaml.MappingNode) and depth < 8:
        for name, value in node.value[:2000]:
            words = str(name.value).split(".") if isinstance(name, yaml.ScalarNode) else ()
            if words and tuple(words) == path[: len(words)]:
                yield from _nodes(value, path[len(words) :], depth + 1)
    elif isinstance(node, yaml.ScalarNode) and node.tag.startswith("!"):
        yield node  # What is included has it, perhaps.


def _of_node(node: object, is_only: bool) -> SettingValue:
    import yaml

    if isinstance(node, yaml.SequenceNode):
        items = [item for item in node.value if isinstance(item, yaml.ScalarNode)]
        is_plain = len(items) == len(node.value) and not any(_is_tagged(item) for item in items)
        last = items[-1].end_mark.index if items else node.start_mark.index + 1
        values = tuple(item.value for item in items[:MAX_VALUES])
        start, stop = node.start_mark.index, node.end_mark.index
        return SettingValue(values, start, stop, last, is_plain and is_only)
    if isinstance(node, yaml.ScalarNode):
        values = (node.value,) if node.value and node.tag != "tag:yaml.org,2002:null" else ()
        is_plain = is_only and not _is_tagged(node) and "${" not in node.value
        return SettingValue(values, node.start_mark.index, node.end_mark.index, -1, is_plain)
    mark = getattr(node, "start_mark", None)
    at = mark.index if mark else 0
    return SettingValue((), at, at, -1, False)


def _is_tagged(node: object) -> bool:
    tag = str(getattr(node, "tag", ""))
    return not tag.startswith("tag:yaml.org,2002:")


# XML: the text of an element, or of the elements in it


def _xml(text: str, form: Format, key: str) -> Iterator[SettingValue]:
    name = re.escape(key.rpartition(".")[2])
    bare = re.sub(r"<!--(?:[^-]|-(?!->))*(?:-->)?", lambda match: " " * len(match[0]), text)
    for number, match in enumerate(re.finditer(rf"<{name}(?:\s[^<>]{{0,300}}?)?(/?)>", bare)):
        if number == MAX_PLACES:
            return
        if match[1]:
            yield SettingValue((), match.start(), match.end(), match.end())
            continue
        end = bare.find(f"</{key.rpartition('.')[2]}>", match.end())
        if end < 0:
            return
        inner = bare[match.end() : end]
        items = re.findall(r"<[\w:.-]{1,60}>([^<]{0,300})</", inner)
        is_list = "<" in inner
        values = items if is_list else [inner.strip()] if inner.strip() else []
        last = end if is_list else -1
        yield SettingValue(tuple(values[:MAX_VALUES]), match.end(), end, last)


# Programs' languages: a literal behind a name


_TOKEN = lazy_pattern(
    r"(?P<text>\"\"\"(?:[^\"]|\"(?!\"\"))*(?:\"\"\")?|'''(?:[^']|'(?!''))*(?:''')?"
    r"|\"(?:[^\"\\\n]|\\[^\n])*\"|'(?:[^'\\\n]|\\[^\n])*'|`(?:[^`\\\n]|\\[^\n])*`)"
    r"|(?P<comment>\#[^\n]*|//[^\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/)?)"
    # No text begins at a quote behind a backslash: to try each of them takes the square of a line.
    r"|\\[^\n]"
)
_PREFIXES = {
    "php-array": r"(?<![\w])['\"]%s['\"]\s*=>\s*",
    "php": r"(?m)^[ \t]*(?:(?:public|var)[ \t]+)?%s[ \t]*=(?![=>])\s*",
    "php-define": r"(?m)^[ \t]*define[ \t]*\([ \t]*['\"]%s['\"][ \t]*,\s*",
    "python": r"(?m)^[ \t]*%s[ \t]*(?::[^=\n]{1,60})?=(?!=)[ \t]*",
    "ruby": r"(?m)^[ \t]*%s[ \t]*(?:=(?!=)|<<)?[ \t]*(?=[\['\"%%\w])",
    "js": r"(?<![\w$.'\"])['\"]?%s['\"]?[ \t]*:\s*",
}
_CHANGED = r"(?m)^[ \t]*%s(?:[ \t]*\+=|\.(?:append|extend|insert|concat|push)\b)"
_VALUE = lazy_pattern(
    r"\s+|(?P<text>\"(?:[^\"\\\n]|\\[^\n])*\"|'(?:[^'\\\n]|\\[^\n])*')(?P<key>\s*(?:=>|:)\s*)?"
    r"|(?P<open>(?:[Aa]rray\s*)?\(|\[)|(?P<close>[)\]])|(?P<index>\d{1,9}\s*=>)"
    r"|(?P<word>[A-Za-z_]\w{0,60}|\d{1,9})|(?P<comma>,)|(?P<end>;)|(?P<other>.)",
    re.DOTALL,
)
_WORDS = {"true": "true", "false": "false", "null": "", "none": "", "nil": ""}


def without_comments(text: str) -> str:
    """Return the text with blanks in the place of its comments, so that offsets stay; and of texts
    of several lines, which hold examples."""

    def blank(match: re.Match[str]) -> str:
        if not match["comment"] and "\n" not in match[0]:
            return match[0]
        return re.sub(r"[^\n]", " ", match[0])

    return _TOKEN.sub(blank, text)


def _code(text: str, form: Format, key: str) -> Iterator[SettingValue]:
    bare = without_comments(text)
    name = re.escape(key)
    prefix = _PREFIXES.get(form, "")
    if not prefix or not key:
        return
    is_changed = re.search(_CHANGED % name, bare) is not None
    for number, match in enumerate(re.finditer(prefix % name, bare)):
        if number == MAX_PLACES:
            return
        # What stands in a branch or a function may never be read.
        is_nested = form == "python" and bare[match.start()] in " \t"
        yield _literal(bare, match.end(), form, not (is_changed or is_nested))


def _literal(text: str, start: int, form: Format, is_sure: bool) -> SettingValue:
    values, depth, last, at, stop = list[str](), 0, -1, start, start
    is_literal, is_array = is_sure, False
    for token in _VALUE.finditer(text, start, start + 4096):
        kind = token.lastgroup or ""
        kind = "text" if kind == "key" else kind
        is_line_end = "\n" in token[0] and not kind and form in {"python", "ruby", "js"}
        if (
            not depth and (kind in {"close", "comma", "end"} or is_line_end)
        ) or at != token.start():
            break
        at = token.end()
        if kind == "open":
            depth, is_array = depth + 1, True
            last = at if last < 0 else last
        elif kind == "close":
            depth -= 1
        elif kind == "text":
            if not token["key"]:
                values.append(token["text"][1:-1])
                last = token.end("text") if depth else last
        elif kind == "word":
            word = token["word"].lower()
            is_literal = is_literal and (word in _WORDS or word.isdigit())
            values += [_WORDS.get(word, word)] if _WORDS.get(word, word) else []
        elif kind == "other":
            is_literal = False
        stop = at if kind else stop
    closed = is_literal and depth == 0 and stop > start
    return SettingValue(
        tuple(values[:MAX_VALUES]), start, stop, last if is_array else -1, closed
    )  # fmt: skip


_READERS = {"env": _lines, "ini": _lines, "yaml": _yaml, "xml": _xml}
