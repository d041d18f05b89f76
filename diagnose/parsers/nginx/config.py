"""nginx's configuration and what the nginx program prints, from text to values. Pure.

The words of a configuration come from crossplane's lexer, which knows nginx's quoting, escapes
and Lua blocks. The tree is built here, because a file that nginx refuses must still yield all
that can be read of it, and because an edit needs to know where exactly a directive ends.
"""

import posixpath
import re
import shlex
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from diagnose.model import Location
from diagnose.model.frozen import frozen
from diagnose.model.nginx import ConfigFile, Directive, TestMessage
from diagnose.parsers.sanitize import printable

#: Deeper than this no block is read: nobody writes it, and a stranger's file may.
DEPTH = 32

#: More directives than these are not read: the largest configurations have a tenth of them.
MOST_DIRECTIVES = 200_000

# ngx_conf_read_token: any other backslash stays.
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_UNESCAPED = {'"': '"', "'": "'", "\\": "\\", "t": "\t", "r": "\r", "n": "\n"}

_BLANK = re.compile(r"(?:\s|#[^\n]*)*")


def _unescaped(match: re.Match[str]) -> str:
    return _UNESCAPED.get(match[1], match[0])


@dataclass(slots=True)
class _Open:
    """A block that is being read."""

    name: str
    args: tuple[str, ...]
    start: int
    opened: int
    inner: list[Directive] = field(default_factory=list)


class _Reader:
    """Builds the tree of one file. `at` is how much of the text the lexer has taken, which is
    exact when it gives out ";", "{" or "}"."""

    def __init__(self, text: str, path: str) -> None:
        self.text, self.path = text, path
        self.at = self.begun = 0
        self.lines = [match.end() for match in re.finditer("\n", text)]
        self.stack = [_Open("", (), 0, 0)]
        self.words: list[str] = []

    def characters(self) -> Iterator[str]:
        for character in self.text:
            self.at += 1
            yield character
        # The lexer lets a word go only when something follows it.
        yield "\n"

    def read(self) -> tuple[Directive, ...]:
        from crossplane.lexer import _lex_file_object

        for token, _, quoted in _lex_file_object([self.characters()]):
            if quoted or token not in {";", "{", "}"}:
                if quoted or not token.startswith("#"):
                    self.words.append(_ESCAPED.sub(_unescaped, token))
            elif not self._structure(token):
                break
        self._statement("", len(self.text.rstrip()))
        while len(self.stack) > 1:
            self._close(len(self.text))
        return tuple(self.stack[0].inner)

    def _structure(self, token: str) -> bool:
        match token:
            case ";":
                self._statement(token, self.at)
            case "{":
                if len(self.stack) > DEPTH:
                    return False
                name, *args = self.words or [""]
                self.stack.append(_Open(name, tuple(args), self._start(), self.at))
            case _:
                self._statement(token, self._end())
                if len(self.stack) > 1:
                    self._close(self.at)
        self.begun, self.words = self.at, []
        return True

    def _start(self) -> int:
        match = _BLANK.match(self.text, self.begun)
        return match.end() if match else self.begun

    def _end(self) -> int:
        """Where what stands before this "}" ends."""
        end = self.at - 1
        while end > self.begun and self.text[end - 1].isspace():
            end -= 1
        return end

    def _statement(self, end: str, stop: int) -> None:
        if self.words:
            name, *args = self.words
            self._add(name, tuple(args), self._start(), stop, end=end)

    def _close(self, stop: int) -> None:
        ended = self.stack.pop()
        self._add(ended.name, ended.args, ended.start, stop, ended.opened, ended.inner, "{")

    def _add(
        self, name: str, args: tuple[str, ...], start: int, stop: int,
        opened: int = 0, inner: list[Directive] | None = None, end: str = ";",
    ) -> None:  # fmt: skip
        line = bisect_right(self.lines, start)
        column = start - (self.lines[line - 1] if line else 0) + 1
        block = None if inner is None else tuple(inner)
        made = Directive(
            name, args, self.path, line + 1, block, column, start, stop, opened, end
        )  # fmt: skip
        self.stack[-1].inner.append(made)


def parse(text: str, path: str) -> tuple[Directive, ...]:
    """The directives of one file, its includes not followed. Never fails: what is not closed is
    taken to end with the file, and a superfluous "}" is passed over."""
    return _Reader(text, path).read()


def walk(directives: tuple[Directive, ...]) -> Iterator[Directive]:
    """Every directive, each before those in its block."""
    for directive in directives:
        yield directive
        yield from walk(directive.block or ())


def includes(directives: tuple[Directive, ...], folder: str) -> tuple[str, ...]:
    """The patterns that are included, relative ones completed by the folder of the main file."""
    found = (one for one in walk(directives) if one.name == "include" and one.args)
    return tuple(dict.fromkeys(posixpath.join(folder, one.args[0]) for one in found))


def expand(
    path: str,
    trees: Mapping[str, tuple[Directive, ...]],
    matches: Mapping[str, tuple[str, ...]],
) -> tuple[Directive, ...]:
    """The main file's directives with every include replaced by what it brings.

    `trees` are the files' own directives, `matches` the files that each pattern finds. A file that
    includes itself brings nothing; of files that include each other again and again only
    MOST_DIRECTIVES directives are taken.
    """
    folder = posixpath.dirname(path)
    left = MOST_DIRECTIVES

    def opened(
        directives: tuple[Directive, ...], within: tuple[str, ...], depth: int
    ) -> list[Directive]:
        nonlocal left
        whole: list[Directive] = []
        for one in directives:
            # An include of an empty file counts too: there may be as many of them.
            left -= 1
            if left < 0 or depth > 2 * DEPTH:
                break
            if one.name == "include" and one.args:
                for file in matches.get(posixpath.join(folder, one.args[0]), ()):
                    left -= 1
                    if file not in within and left >= 0:
                        whole += opened(trees.get(file, ()), (*within, file), depth + 1)
            elif one.block is None:
                whole.append(one)
            else:
                whole.append(replace(one, block=tuple(opened(one.block, within, depth + 1))))
        return whole

    return tuple(opened(trees.get(path, ()), (path,), 0))


# What the program prints


@frozen
class Build:
    """`nginx -V`. `config` and `prefix` are the paths compiled in."""

    version: str
    arguments: tuple[str, ...]
    config: str
    prefix: str


def build(text: str) -> Build:
    """Read the output of `nginx -V` (it goes to standard error)."""
    version = re.search(r"^\S+ version: (.+)$", text, re.MULTILINE)
    configured = re.search(r"^configure arguments:(.*)$", text, re.MULTILINE)
    try:
        arguments = tuple(shlex.split(configured[1])) if configured else ()
    except ValueError:  # no closing quotation
        arguments = tuple(configured[1].split()) if configured else ()
    given = dict(one.partition("=")[::2] for one in arguments)
    prefix = given.get("--prefix", "/usr/local/nginx")
    config = posixpath.join(prefix, given.get("--conf-path", "conf/nginx.conf"))
    return Build(version[1].strip() if version else "", arguments, config, prefix)


def number(version: str) -> tuple[int, ...] | None:
    """ "nginx/1.26.3 (Ubuntu)" as (1, 26, 3); None for what is not nginx's own numbering."""
    found = re.match(r"(?:nginx|openresty)/(\d+)\.(\d+)\.(\d+)", version)
    return tuple(map(int, found.groups())) if found else None


#: Seconds in a unit (nginx.org, "Configuration file measurement units").
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "M": 2592000,
          "y": 31536000, "": 1}  # fmt: skip


def seconds(text: str) -> float | None:
    """A time of a configuration ("90", "1m30s"); None where it is none."""
    parts = re.findall(r"(\d{1,9})(ms|[smhdwMy]|) *", text)
    if not parts or re.sub(r"(\d{1,9})(ms|[smhdwMy]|) *", "", text):
        return None
    return sum(int(number) * _UNITS[unit] for number, unit in parts)


_MESSAGE = re.compile(r"^(?:nginx: |\d{4}/\d\d/\d\d [\d:]+ )\[(\w+)\] (?:\d+#\d+: )?(.*)$")


def _place(message: str) -> tuple[str | None, int | None]:
    """The "in /path:line" at a message's end. The path is a whole one; before it a message may say
    "in" as well."""
    before, _, row = message.rpartition(":")
    _, mark, path = before.partition(" in /")
    if not mark or not re.fullmatch(r"[0-9]{1,9}", row):
        return None, None
    return f"/{path}", int(row)


def messages(text: str) -> tuple[TestMessage, ...]:
    """Read the output of `nginx -t`, each message once: what goes to the error log and to the
    terminal may be the same."""
    found: dict[TestMessage, None] = {}
    for line in text.splitlines():
        if match := _MESSAGE.match(line.strip()):
            message = printable(match[2])
            file, row = _place(message)
            found[TestMessage(match[1], message, file, row)] = None
    return tuple(found)


@frozen
class Commanded:
    """What the command line of a master says: -c, -p, -e and -g, as given (nginx(8)). Of the
    directives of -g those are left out that only say how a master is to be started."""

    binary: str
    config: str = ""
    prefix: str = ""
    errors: str = ""
    directives: str = ""

    @property
    def options(self) -> tuple[str, ...]:
        """As another nginx has to be called to be the same."""
        given = {"-p": self.prefix, "-c": self.config, "-e": self.errors, "-g": self.directives}
        return tuple(word for pair in given.items() if pair[1] for word in pair)


_STARTING = {"daemon", "master_process"}


def commanded(title: str) -> Commanded:
    """Read a master's title, "nginx: master process /usr/sbin/nginx -c /etc/nginx/a.conf". Its
    words are joined by blanks: the directives of -g go on to the last one that ends in ";"."""
    binary, *words = title.partition("master process ")[2].split() or [""]
    given = {"-c": "", "-p": "", "-e": "", "-g": ""}
    while words:
        word = words.pop(0)
        name, value = word[:2], word[2:]
        if name not in given:
            continue
        if not value and words:
            value = words.pop(0)
        while name == "-g" and words and not (value.endswith(";") and words[0].startswith("-")):
            value += f" {words.pop(0)}"
        given[name] = value
    kept = [one for one in parse(given["-g"], "-g") if one.name not in _STARTING]
    directives = " ".join(f"{' '.join((one.name, *one.args))};" for one in kept)
    return Commanded(binary, given["-c"], given["-p"], given["-e"], directives)


def told(options: tuple[str, ...]) -> tuple[Directive, ...]:
    """The directives of a -g among a master's options: they stand before those of the file."""
    given = dict(zip(options[::2], options[1::2], strict=False))
    return parse(given.get("-g", ""), "-g")


# Where something stands


def place(file: ConfigFile, directive: Directive) -> Location:
    """A directive's place, the caret under its head."""
    head = directive.opened or directive.stop
    first = file.text[directive.start : head].split("\n", 1)[0].rstrip(" {")
    return spot(file, directive.line, directive.column, directive.column + len(first))


def spot(file: ConfigFile, line: int, column: int = 1, end: int = 0, around: int = 2) -> Location:
    """A place in a file with the lines around it."""
    lines = file.text.split("\n")
    line = min(max(line, 1), len(lines))
    first = max(line - around, 1)
    shown = tuple(_shown(one) for one in lines[first - 1 : line + around])
    return Location(file.path, line, column, max(end, column + 1), first, shown)


def _shown(line: str) -> str:
    return "".join(c if c.isprintable() or c == "\t" else "\ufffd" for c in line.rstrip("\r")[:400])
