"""Parse nginx's configuration and the output of the nginx program. No I/O.

crossplane's lexer splits a configuration into words: it knows nginx's quoting, escapes and Lua
blocks. The tree is built here for two reasons: a file that nginx rejects must still yield
everything that can be read, and an edit needs the exact end of a directive.
"""

import posixpath
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from diagnose.model import Location
from diagnose.model.frozen import frozen
from diagnose.model.nginx import MIN_RUN, ConfigFile, Directive, DirectiveEnd, TestMessage
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.sanitize import printable

#: Deepest block that is read. Real files are never this deep; a hostile file may be.
MAX_DEPTH = 32

#: Most directives that are read. The largest real configurations have a tenth of this.
MAX_DIRECTIVES = 200_000

#: Characters from which on a file is long.
_LONG = 50_000

# ngx_conf_read_token keeps a backslash before any other character.
_ESCAPED = lazy_pattern(r"\\(.)", re.DOTALL)
_UNESCAPED = {'"': '"', "'": "'", "\\": "\\", "t": "\t", "r": "\r", "n": "\n"}

# A statement of plain words, with the blanks before it: most lines of a long file are one.
_PLAIN = lazy_pattern(
    r"\s*+([\w./:~^$@*+!?=,&|%()\[\]<>-]++(?:[ \t]++[\w./:~^$@*+!?=,&|%()\[\]<>-]++)*+)[ \t]*+;"
)

_BLANK = lazy_pattern(r"(?:\s|#[^\n]*)*")

#: The statuses with which `add_header` is sent without `always` (ngx_http_headers_module).
WITHOUT_ALWAYS = frozenset({200, 201, 204, 206, 301, 302, 303, 304, 307, 308})


def _unescaped(match: re.Match[str]) -> str:
    return _UNESCAPED.get(match[1], match[0])


@dataclass(slots=True)
class _OpenBlock:
    """A block whose end has not been read yet."""

    name: str
    args: tuple[str, ...]
    start: int
    opened: int
    inner: list[Directive] = field(default_factory=list)


def _folded(directives: list[Directive], block: str) -> tuple[Directive, ...]:
    if len(directives) < MIN_RUN:
        return tuple(directives)
    # Imported late: few files have long lists.
    from diagnose.parsers.nginx.long_runs import folded

    return folded(directives, block)


class _TreeBuilder:
    """Builds the tree of one file. `offset` is the number of characters that the lexer has
    consumed; it is exact when the lexer returns ";", "{" or "}"."""

    def __init__(self, text: str, path: str) -> None:
        self.text, self.path = text, path
        self.offset = self.statement_start = 0
        self.lines = [match.end() for match in re.finditer("\n", text)]
        self.stack = [_OpenBlock("", (), 0, 0)]
        self.words: list[str] = []

    def characters(self) -> Iterator[str]:
        while self.offset < len(self.text):
            self.offset += 1
            yield self.text[self.offset - 1]
        # The lexer returns a word only after it has read the next character.
        yield "\n"

    def build(self) -> tuple[Directive, ...]:
        self._add_plain_statements()
        from crossplane.lexer import _lex_file_object

        for token, _, quoted in _lex_file_object([self.characters()]):
            if quoted or token not in {";", "{", "}"}:
                if quoted or not token.startswith("#"):
                    self.words.append(_ESCAPED.sub(_unescaped, token))
            elif not self._handle_delimiter(token):
                break
        self._add_statement("", len(self.text.rstrip()))
        while len(self.stack) > 1:
            self._close_block(len(self.text))
        return _folded(self.stack[0].inner, "")

    def _handle_delimiter(self, token: str) -> bool:
        match token:
            case ";":
                self._add_statement(token, self.offset)
            case "{":
                if len(self.stack) > MAX_DEPTH:
                    return False
                name, *args = self.words or [""]
                self.stack.append(
                    _OpenBlock(name, tuple(args), self._statement_start(), self.offset)
                )
            case _:
                self._add_statement("}", self._statement_end())
                if len(self.stack) > 1:
                    self._close_block(self.offset)
        self.statement_start, self.words = self.offset, []
        self._add_plain_statements()
        return True

    def _add_plain_statements(self) -> None:
        """Add the statements of plain words that follow, without the lexer: it takes ten times as
        long, and a list of addresses or of redirects may have a hundred thousand lines."""
        while match := _PLAIN.match(self.text, self.offset):
            name, *args = match[1].split()
            self._add(name, tuple(args), match.start(1), match.end())
            self.statement_start = self.offset = match.end()

    def _statement_start(self) -> int:
        match = _BLANK.match(self.text, self.statement_start)
        return match.end() if match else self.statement_start

    def _statement_end(self) -> int:
        """Return the end of the unterminated statement before this "}"."""
        end = self.offset - 1
        while end > self.statement_start and self.text[end - 1].isspace():
            end -= 1
        return end

    def _add_statement(self, end: DirectiveEnd, stop: int) -> None:
        if self.words:
            name, *args = self.words
            self._add(name, tuple(args), self._statement_start(), stop, end=end)

    def _close_block(self, stop: int) -> None:
        block = self.stack.pop()
        self._add(block.name, block.args, block.start, stop, block.opened, block.inner, "{")

    def _add(
        self, name: str, args: tuple[str, ...], start: int, stop: int,
        opened: int = 0, inner: list[Directive] | None = None, end: DirectiveEnd = ";",
    ) -> None:  # fmt: skip
        line = bisect_right(self.lines, start)
        column = start - (self.lines[line - 1] if line else 0) + 1
        block = None if inner is None else _folded(inner, name)
        directive = Directive(
            name, args, self.path, line + 1, block, column, start, stop, opened, end
        )  # fmt: skip
        self.stack[-1].inner.append(directive)


def parse(text: str, path: str) -> tuple[Directive, ...]:
    """Return the directives of one file without following includes. Never raises: an unclosed
    block ends with the file, and a superfluous "}" is ignored. Of a long file the directives are
    remembered: many ask for them, and it takes seconds for some MiB."""
    return (_parsed if len(text) < _LONG else _remembered)(text, path)


def _parsed(text: str, path: str) -> tuple[Directive, ...]:
    return _TreeBuilder(text, path).build()


_remembered = lru_cache(maxsize=8)(_parsed)


def walk(directives: tuple[Directive, ...]) -> Iterator[Directive]:
    """Yield every directive; a block comes before the directives in it."""
    for directive in directives:
        yield directive
        yield from walk(directive.block or ())


def children(block: Directive, name: str) -> tuple[Directive, ...]:
    """Return the directives of this name that stand directly in a block."""
    return tuple(directive for directive in block.block or () if directive.name == name)


def directives_in_force(blocks: Sequence[Directive], name: str) -> tuple[Directive, ...]:
    """Return the directives of this name that apply in the last of these nested blocks: all of the
    innermost block that has any (proxy_set_header is inherited like this)."""
    for block in reversed(blocks):
        if directives := children(block, name):
            return directives
    return ()


def includes(directives: tuple[Directive, ...], folder: str) -> tuple[str, ...]:
    """Return the patterns of all includes; relative ones are joined to the main file's folder."""
    include_directives = (
        directive
        for directive in walk(directives)
        if directive.name == "include" and directive.args
    )
    return tuple(
        dict.fromkeys(posixpath.join(folder, directive.args[0]) for directive in include_directives)
    )


def expand(
    path: str,
    trees: Mapping[str, tuple[Directive, ...]],
    matches: Mapping[str, tuple[str, ...]],
) -> tuple[Directive, ...]:
    """Return the main file's directives with every include replaced by the files' directives.

    `trees` holds each file's own directives, `matches` the files that each pattern matches. A file
    that includes itself adds nothing. Files that include each other repeatedly stop at
    MAX_DIRECTIVES directives.
    """
    folder = posixpath.dirname(path)
    remaining = MAX_DIRECTIVES

    def expand_block(
        directives: tuple[Directive, ...], include_chain: tuple[str, ...], depth: int
    ) -> list[Directive]:
        nonlocal remaining
        expanded: list[Directive] = []
        for directive in directives:
            # Count an include of an empty file too, otherwise their number has no limit.
            remaining -= 1
            if remaining < 0 or depth > 2 * MAX_DEPTH:
                break
            if directive.name == "include" and directive.args:
                for file in matches.get(posixpath.join(folder, directive.args[0]), ()):
                    remaining -= 1
                    if file not in include_chain and remaining >= 0:
                        expanded += expand_block(
                            trees.get(file, ()), (*include_chain, file), depth + 1
                        )
            elif directive.block is None:
                expanded.append(directive)
            else:
                expanded.append(
                    replace(
                        directive,
                        block=tuple(expand_block(directive.block, include_chain, depth + 1)),
                    )
                )
        return expanded

    return tuple(expand_block(trees.get(path, ()), (path,), 0))


# Output of the nginx program


def version_number(version: str) -> tuple[int, ...] | None:
    """Return "nginx/1.26.3 (Ubuntu)" as (1, 26, 3); None for other numbering than nginx's own."""
    match = re.match(r"(?:nginx|openresty)/(\d+)\.(\d+)\.(\d+)", version)
    return tuple(map(int, match.groups())) if match else None


#: Seconds in a unit (nginx.org, "Configuration file measurement units").
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "M": 2592000,
          "y": 31536000, "": 1}  # fmt: skip


def seconds(text: str) -> float | None:
    """Return a configuration time ("90", "1m30s") in seconds, or None if it is not a time."""
    parts = re.findall(r"(\d{1,9})(ms|[smhdwMy]|) *", text)
    if not parts or re.sub(r"(\d{1,9})(ms|[smhdwMy]|) *", "", text):
        return None
    return sum(int(number) * _UNITS[unit] for number, unit in parts)


_MESSAGE = lazy_pattern(r"^(?:nginx: |\d{4}/\d\d/\d\d [\d:]+ )\[(\w+)\] (?:\d+#\d+: )?(.*)$")


def _message_location(message: str) -> tuple[str | None, int | None]:
    """Return file and line from the "in /path:line" at the end of a message. The path is absolute;
    the message may contain another "in" before it."""
    before, _, row = message.rpartition(":")
    _, mark, path = before.partition(" in /")
    if not mark or not re.fullmatch(r"[0-9]{1,9}", row):
        return None, None
    return f"/{path}", int(row)


def messages(text: str) -> tuple[TestMessage, ...]:
    """Parse the output of `nginx -t`. Each message is returned once, because the error log and the
    terminal may receive the same one."""
    test_messages: dict[TestMessage, None] = {}
    for line in text.splitlines():
        if match := _MESSAGE.match(line.strip()):
            message = printable(match[2])
            file, row = _message_location(message)
            test_messages[TestMessage(match[1], message, file, row)] = None
    return tuple(test_messages)


@frozen
class MasterArguments:
    """The options -c, -p, -e and -g on a master's command line, as written (nginx(8)). Directives
    of -g that only control how a master starts are left out."""

    binary: str
    config: str = ""
    prefix: str = ""
    error_log: str = ""
    directives: str = ""

    @property
    def options(self) -> tuple[str, ...]:
        """Return the options with which another nginx reads the same configuration."""
        flags = {"-p": self.prefix, "-c": self.config, "-e": self.error_log, "-g": self.directives}
        return tuple(argument for pair in flags.items() if pair[1] for argument in pair)


_DAEMON_DIRECTIVES = {"daemon", "master_process"}


#: What Angie puts before the command line: its version, and how often it loaded its configuration.
_ANGIE_TITLE = re.compile(r"v[\w.]{1,20}(?: PRO)? #\d{1,10} \[(.*?)\]?$")


def parse_master_title(title: str) -> MasterArguments:
    """Parse a master's title, "nginx: master process /usr/sbin/nginx -c /etc/nginx/a.conf". The
    words are joined by spaces, so the directives of -g extend to the last word ending in ";"."""
    command_line = title.partition("master process ")[2]
    if angie := _ANGIE_TITLE.match(command_line):
        command_line = angie[1]
    binary, *arguments = command_line.split() or [""]
    options = {"-c": "", "-p": "", "-e": "", "-g": ""}
    while arguments:
        argument = arguments.pop(0)
        name, value = argument[:2], argument[2:]
        if name not in options:
            continue
        if not value and arguments:
            value = arguments.pop(0)
        while (
            name == "-g"
            and arguments
            and not (value.endswith(";") and arguments[0].startswith("-"))
        ):
            value += f" {arguments.pop(0)}"
        options[name] = value
    global_directives = [
        directive
        for directive in parse(options["-g"], "-g")
        if directive.name not in _DAEMON_DIRECTIVES
    ]
    directives = " ".join(f"{directive.text};" for directive in global_directives)
    return MasterArguments(binary, options["-c"], options["-p"], options["-e"], directives)


def command_line_directives(options: tuple[str, ...]) -> tuple[Directive, ...]:
    """Return the directives of -g in a master's options. They come before those of the file."""
    option_values = dict(zip(options[::2], options[1::2], strict=False))
    return parse(option_values.get("-g", ""), "-g")


# Locations in files


def directive_location(file: ConfigFile, directive: Directive) -> Location:
    """Return a directive's location, with the caret under its head."""
    head = directive.opened or directive.stop
    first = file.text[directive.start : head].split("\n", 1)[0].rstrip(" {")
    return source_location(file, directive.line, directive.column, directive.column + len(first))


def source_location(
    file: ConfigFile, line: int, column: int = 1, end: int = 0, context_lines: int = 2
) -> Location:
    """Return a location in a file with the lines around it."""
    lines = file.text.split("\n")
    line = min(max(line, 1), len(lines))
    first = max(line - context_lines, 1)
    excerpt = tuple(
        _printable_line(source_line) for source_line in lines[first - 1 : line + context_lines]
    )
    return Location(file.path, line, column, max(end, column + 1), first, excerpt)


def _printable_line(line: str) -> str:
    return "".join(c if c.isprintable() or c == "\t" else "\ufffd" for c in line.rstrip("\r")[:400])
