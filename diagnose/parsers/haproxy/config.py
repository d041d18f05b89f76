"""Reads HAProxy's configuration: sections, their lines, and what a proxy inherits. No I/O.

The format is that of the Configuration Manual, chapter 2: lines of words, with quotes, backslashes
and comments. Each function is total and linear in the text.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from diagnose.model.frozen import frozen

#: Words that begin a section (Configuration Manual, chapters 3, 4 and 12).
SECTIONS = frozenset(
    {
        "global",
        "defaults",
        "frontend",
        "backend",
        "listen",
        "program",
        "peers",
        "resolvers",
        "userlist",
        "mailers",
        "cache",
        "ring",
        "http-errors",
        "log-forward",
        "log-profile",
        "fcgi-app",
        "crt-store",
        "traces",
        "acme",
    }
)

#: Maximum number of lines of all files, and of words of a line (HAProxy's MAX_LINE_ARGS).
MAX_LINES, MAX_WORDS = 50_000, 256

_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r]+)|(?P<comment>\#.*)|\\x(?P<hex>[0-9A-Fa-f]{2})|\\(?P<escape>.)
    |'(?P<strong>[^']*)'|"(?P<weak>(?:[^"\\]|\\.)*)"|(?P<plain>[^ \t\r\#\\'"]+)|(?P<other>.)""",
    re.VERBOSE,
)
#: In double quotes: an escaped character, and an environment variable (sections 2.2 and 2.3).
_IN_QUOTES = re.compile(r"\\(?P<escaped>.)|\$\{(?P<braced>\w+)\}|\$(?P<bare>\w+)", re.ASCII)

#: Keywords of the section `global` that set a variable.
_SETTINGS = {"setenv", "presetenv"}

#: Maximum number of variables, and of characters of a value.
MAX_VARIABLES, MAX_VALUE = 1000, 2000


@frozen
class Line:
    """A line of the configuration: its words without quotes, and its place. `variable` is True if
    it has an environment variable, `unset` if one of them has a value that is not known and is not
    replaced: that of the process."""

    words: tuple[str, ...]
    file: str = ""
    number: int = 0
    variable: bool = False
    unset: bool = False

    @property
    def keyword(self) -> str:
        return self.words[0]

    def starts_with(self, *words: str) -> bool:
        return self.words[: len(words)] == words

    def after(self, word: str) -> str:
        """Return the word after another one, "" if there is none."""
        words = iter(self.words)
        return next(words, "") if word in words else ""


@frozen
class Section:
    """A section: its kind ("frontend"), its name, its lines without the first, the line where it
    begins and its last line that is not empty. `base` is the defaults section after "from"."""

    kind: str
    name: str
    lines: tuple[Line, ...]
    file: str = ""
    line: int = 0
    end: int = 0
    base: str = ""
    by_keyword: Mapping[str, tuple[Line, ...]] = field(default_factory=dict, compare=False)

    def lines_with(self, *words: str) -> tuple[Line, ...]:
        """Return the lines that begin with these words."""
        lines = self.by_keyword.get(words[0], ())
        return tuple(line for line in lines if line.starts_with(*words))


@frozen
class Proxy:
    """A frontend, backend or listen section, with the defaults that it inherits. `maps` are the
    texts of the map files by their paths, and `backends` the names of all backends."""

    section: Section
    defaults: tuple[Section, ...] = ()
    maps: Mapping[str, str] = field(default_factory=dict, compare=False)
    backends: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def name(self) -> str:
        return self.section.name

    @property
    def lines(self) -> tuple[Line, ...]:
        """Its own lines."""
        return self.section.lines

    def own(self, *words: str) -> tuple[Line, ...]:
        """Return its own lines that begin with these words."""
        return self.section.lines_with(*words)

    def setting(self, *words: str) -> Line | None:
        """Return the line that sets something: the last of its own, or else of its defaults."""
        for section in (self.section, *self.defaults):
            lines = section.lines_with(*words)
            if lines:
                return lines[-1]
        return None

    def option(self, name: str) -> Line | None:
        """Return the line that turns an option on, None if it is off ("no option …")."""
        for section in (self.section, *self.defaults):
            on = section.lines_with("option", name)[-1:]
            off = section.lines_with("no", "option", name)[-1:]
            if on or off:
                return on[0] if on and (not off or on[0].number > off[0].number) else None
        return None

    @property
    def mode(self) -> str:
        line = self.setting("mode")
        return line.words[1] if line and len(line.words) > 1 else "tcp"

    def timeout(self, name: str) -> tuple[float, Line] | None:
        """Return a timeout in seconds with its line; None if it is not set: then it is infinite."""
        line = self.setting("timeout", name)
        value = seconds(line.words[2]) if line and len(line.words) > 2 else None
        return (value, line) if line and value is not None else None


@frozen
class Configuration:
    """All sections, and the proxies among them. `complete` is False if a part depends on what is
    not known here: environment variables, conditional blocks, a text that was cut off."""

    sections: tuple[Section, ...]
    proxies: tuple[Proxy, ...]
    complete: bool = True

    @property
    def frontends(self) -> tuple[Proxy, ...]:
        return tuple(p for p in self.proxies if p.section.kind in {"frontend", "listen"})

    def backend(self, name: str) -> Proxy | None:
        return next(
            (p for p in self.proxies if p.name == name and p.section.kind in {"backend", "listen"}),
            None,
        )

    def global_lines(self, *words: str) -> tuple[Line, ...]:
        return tuple(
            line
            for section in self.sections
            if section.kind == "global"
            for line in section.lines
            if line.starts_with(*words)
        )


def parse(files: Iterable[tuple[str, str]], maps: Iterable[tuple[str, str]] = ()) -> Configuration:
    """Parse the files, (path, text) each, in the order in which HAProxy loads them; `maps` are the
    map files by which it chooses backends."""
    complete = True
    sections: list[Section] = []
    environment: dict[str, str] = {}
    for path, text in files:
        rows = text.split("\n")
        complete = complete and len(rows) <= MAX_LINES
        lines = tuple(_lines(path, rows[:MAX_LINES], environment))
        complete = complete and not any(
            line.unset or line.keyword.startswith(".") for line in lines
        )
        sections += _sections(lines)
    return Configuration(tuple(sections), tuple(_proxies(sections, dict(maps))), complete)


def split_words(text: str, environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the words of a line (Configuration Manual, section 2.2). In double quotes the
    variables of the `environment` have their values (section 2.3)."""
    words: list[str] = []
    open_word = False
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        if kind == "comment" or (kind == "blank" and len(words) >= MAX_WORDS):
            break
        if kind == "blank":
            open_word = False
            continue
        if not open_word:
            words.append("")
            open_word = True
        words[-1] += _value(kind, match[kind], environment or {})
    return tuple(words)


def word_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Return where each word of a line begins and ends, with its quotes."""
    spans: list[tuple[int, int]] = []
    open_word = False
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "comment" or (kind == "blank" and len(spans) >= MAX_WORDS):
            break
        if kind == "blank":
            open_word = False
            continue
        start = spans.pop()[0] if open_word else match.start()
        spans.append((start, match.end()))
        open_word = True
    return tuple(spans)


def _value(kind: str, text: str, environment: Mapping[str, str]) -> str:
    if kind == "hex":
        return chr(int(text, 16))
    if kind == "weak":

        def replaced(match: re.Match[str]) -> str:
            name = match["braced"] or match["bare"]
            return environment.get(name, match[0]) if name else _escaped(match["escaped"])

        return _IN_QUOTES.sub(replaced, text)
    return _escaped(text) if kind == "escape" else text


def _escaped(character: str) -> str:
    """Return what a backslash and a character mean (section 2.2). Before others than these the
    backslash stays: it belongs to a regular expression ("\\.", "\\1")."""
    if character in " \\#'\"$":
        return character
    return {"n": "\n", "r": "\r", "t": "\t"}.get(character, f"\\{character}")


def _lines(path: str, rows: list[str], environment: dict[str, str]) -> Iterator[Line]:
    """Return the lines with words. What they set is put into the `environment`."""
    for number, row in enumerate(rows, 1):
        words = split_words(row, environment)
        if not words or not words[0]:
            continue
        variables = re.findall(r"\$\{?(\w+)", row) if '"' in row else []
        is_unset = any(name not in environment for name in variables)
        yield Line(words, path, number, bool(variables), is_unset)
        if words[0] not in _SETTINGS or len(words) < 3 or len(environment) >= MAX_VARIABLES:
            continue
        is_kept = words[0] == "presetenv" and words[1] in environment
        if not is_kept:
            environment[words[1]] = words[2][:MAX_VALUE]


def _sections(lines: tuple[Line, ...]) -> Iterator[Section]:
    starts = [index for index, line in enumerate(lines) if line.keyword in SECTIONS]
    for start, stop in itertools.pairwise([*starts, len(lines)]):
        head, body = lines[start], lines[start + 1 : stop]
        name = head.words[1] if len(head.words) > 1 and head.words[1] != "from" else ""
        end = body[-1].number if body else head.number
        index: dict[str, list[Line]] = {}
        for line in body:
            index.setdefault(line.keyword, []).append(line)
        yield Section(
            head.keyword,
            name,
            body,
            head.file,
            head.number,
            end,
            head.after("from"),
            {keyword: tuple(own) for keyword, own in index.items()},
        )


def _proxies(sections: list[Section], maps: Mapping[str, str]) -> Iterator[Proxy]:
    """Pair proxies with their defaults: the section that they name, or the last one before."""
    latest: Section | None = None
    named = {section.name: section for section in sections if section.kind == "defaults"}
    backends = frozenset(
        section.name for section in sections if section.kind in {"backend", "listen"}
    )
    for section in sections:
        if section.kind == "defaults":
            latest = section
        elif section.kind in {"frontend", "backend", "listen"}:
            base = named.get(section.base) if section.base else latest
            yield Proxy(section, _chain(base, named), maps, backends)


def _chain(base: Section | None, named: dict[str, Section]) -> tuple[Section, ...]:
    chain: list[Section] = []
    while base is not None and base not in chain and len(chain) < 16:
        chain.append(base)
        base = named.get(base.base) if base.base else None
    return tuple(chain)


_UNITS = {"us": 1e-6, "ms": 1e-3, "": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(text: str) -> float | None:
    """Return a time in seconds; without a unit it is milliseconds (section 2.5)."""
    match = re.fullmatch(r"([0-9]{1,12})(us|ms|s|m|h|d|)", text)
    return int(match[1]) * _UNITS[match[2]] if match else None
