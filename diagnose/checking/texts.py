"""The words of a check: Markdown beside it, one file a language, filled with a claim's facts.

A file reads:

    # The title, one line; {{facts}} may stand in it
    The summary: what is wrong, in a sentence or two, up to the first heading.
    ## What it means
    ## What to do
    ## How to check
    ## Steps                     (only where the remedy has manual steps)
    ### name-of-the-step
    What the person does.
    ## In general
    A title without facts, one line
    What the check is about, where there is no finding: no fact stands in it.

An indented line that begins with a section's tag (`  {{#fact}}`) goes on with the line before: the
break and the blanks are dropped. `make pages` lays out long lines so.

A page that is not translated yet is shown in English. Steps that several checks of a layer have
stand once, in its `_steps.md`; those of checks of several layers in that above the layers.

`{{fact}}` is replaced by the fact. `{{#fact}}…{{/fact}}` stands only if the fact is there and
not empty, `{{^fact}}…{{/fact}}` only if it is not. `{{fix}}` marks where a front end
puts the steps. `{{#may_be_nginx}}…{{/may_be_nginx}}`, and the same of apache, haproxy and caddy,
stands where that web server answers, or may do so. A fact that is used and was not given is an
error (KeyError). In a command, that is a span of code which is more than the fact alone, a fact is
quoted for the shell; not in a block of a server's configuration (`location / { … }`).
"""

import re
import shlex
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import checks
from diagnose.i18n import SOURCE_LANGUAGE
from diagnose.i18n.reports import translate
from diagnose.model.frozen import frozen
from diagnose.parsers.lazy_pattern import lazy_pattern

Section = Literal["meaning", "remedy", "verify", "steps", "general"]


@frozen
class CheckText:
    """One check's text in one language, not yet filled. `general_title` and `general` hold no
    fact."""

    title: str
    summary: str
    meaning: str
    remedy: str
    verify: str
    steps: Mapping[str, str]
    general_title: str = ""
    general: str = ""


def section_heading(section: Section, lang: str) -> str:
    """The heading of a section of a page."""
    return translate(f"page.{section}", lang)


def text_path(check_id: str, lang: str) -> Path:
    """Where the words of a check are."""
    suffix = ".md" if lang == SOURCE_LANGUAGE else f".{lang}.md"
    layer, _, name = check_id.partition(".")
    return Path(next(iter(checks.__path__)), layer, name.replace("-", "_") + suffix)


def read_page(path: Path) -> str:
    """Read a page or the steps of a layer, each paragraph in one line."""
    return join_continued(path.read_text("utf-8"))


def join_continued(page: str) -> str:
    """Join the lines of a page that go on with the line before."""
    return _CONTINUED.sub("", page)


@cache
def check_text(check_id: str, lang: str) -> CheckText:
    """The text of a check, in English where it is not translated. KeyError if a heading is
    missing."""
    path = text_path(check_id, lang)
    if lang != SOURCE_LANGUAGE and not path.exists():
        return check_text(check_id, SOURCE_LANGUAGE)
    title, _, remainder = read_page(path).partition("\n")
    summary, *chapters = re.split(r"^## ", remainder, flags=re.MULTILINE)
    sections = {}
    for chapter in chapters:
        name, _, body = chapter.partition("\n")
        sections[name.strip()] = body.strip()
    general_title, _, general = sections.get(section_heading("general", lang), "").partition("\n")
    return CheckText(
        title=title.removeprefix("# ").strip(),
        summary=summary.strip(),
        meaning=sections[section_heading("meaning", lang)],
        remedy=sections[section_heading("remedy", lang)],
        verify=sections[section_heading("verify", lang)],
        steps={
            **_shared_steps(check_id, lang),
            **_steps(sections.get(section_heading("steps", lang), "")),
        },
        general_title=general_title.strip(),
        general=general.strip(),
    )


def _steps(text: str) -> dict[str, str]:
    steps = {}
    for step in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        name, _, body = step.partition("\n")
        steps[name.strip()] = body.strip()
    return steps


def _shared_steps(check_id: str, lang: str) -> dict[str, str]:
    """The steps that all checks share, and those that a layer's checks share."""
    path = text_path(f"{check_id.partition('.')[0]}._steps", lang)
    common = path.parents[1] / path.name
    return {
        name: body
        for file in (common, path)
        if file.exists()
        for name, body in _steps(read_page(file)).items()
    }


#: The break before an indented line that begins with a section's tag.
_CONTINUED = lazy_pattern(r"\n[ ]+(?=\{\{[#^/])")
#: The web servers that steps name beside each other, each in a section of its own.
_WEB_SERVERS = ("nginx", "apache", "haproxy", "caddy")
_SECTION = lazy_pattern(r"\{\{([#^])([\w.-]+)\}\}(.*?)\{\{/\2\}\}", re.DOTALL)
#: Spans of code (CommonMark 6.1, of one backtick, as these pages have them).
_CODE = lazy_pattern(r"(`[^`]*`)")
#: A line of a server's configuration: it is no command.
_LINE = lazy_pattern(r"`<.*`|`.*(?<!\\);`", re.DOTALL)
_FACT = lazy_pattern(r"\{\{([\w.-]+)\}\}")
#: Text in quotation marks, a block of a configuration outside of them, and what ends a word there.
_IN_QUOTES = lazy_pattern(r"'[^']*'|\"[^\"]*\"")
_BLOCK = lazy_pattern(r"(?:^|(?<=\s))!?\{(?=\s|$)")
#: What a shell would run, if somebody typed the line there.
_RUNS = lazy_pattern(r"[`&|<>\n]|(?<!\w)\(|;(?!$)")
_ENDS_WORD = lazy_pattern(r"[;{}\"'#\\]")
#: A fact alone in parentheses, which go with it if it is empty.
_ASIDE = lazy_pattern(r" ?[(\uff08]`?\{\{([\w.-]+)\}\}`?[)\uff09]")


def with_web_servers(facts: Mapping[str, object]) -> dict[str, object]:
    """Return facts with `may_be_nginx` and its like: true for the web server that answers, which is
    the fact `web_server`; for each of them, if it is not known which one does."""
    known = facts.get("web_server", "")
    return {**{f"may_be_{name}": known in ("", name) for name in _WEB_SERVERS}, **facts}


def fill(text: str, facts: Mapping[str, object], lang: str = "en") -> str:
    """Put facts into a text. `{{fix}}` is left for the front end. `{{#count.one}}` stands where the
    fact `count` is 1."""

    def section(match: re.Match[str]) -> str:
        name, is_one = match[2].removesuffix(".one"), match[2].endswith(".one")
        present = str(facts.get(name)) == "1" if is_one else bool(facts.get(name))
        return match[3] if present is (match[1] == "#") else ""

    def fact(match: re.Match[str]) -> str:
        return match[0] if match[1] == "fix" else fact_text(facts[match[1]], lang)

    def aside(match: re.Match[str]) -> str:
        is_empty = match[1] != "fix" and facts.get(match[1], match) in ("", None, (), [])
        return "" if is_empty else match[0]

    # From the outermost section inwards.
    while (replaced := _SECTION.sub(section, text)) != text:
        text = replaced
    text = _ASIDE.sub(aside, text)
    pieces = (
        _code(piece, facts, lang) if piece[:1] == piece[-1:] == "`" else _FACT.sub(fact, piece)
        for piece in _CODE.split(text)
    )
    return "".join(pieces)


def _code(piece: str, facts: Mapping[str, object], lang: str) -> str:
    """A span of code. One that is more than a fact alone is typed as it stands; of a list that is
    alone, each item is a span of its own."""
    name = _FACT.fullmatch(piece[1:-1])
    if name is None or name[1] == "fix":
        return _command(piece, facts, lang)
    value = facts[name[1]]
    items = value if isinstance(value, (tuple, list)) else (value,)
    return translate("join.list", lang).join(f"`{fact_text(item, lang)}`" for item in items)


def _command(code: str, facts: Mapping[str, object], lang: str) -> str:
    """A span of code, its facts quoted for the shell: each stays the word that it is in. Those of a
    configuration stand as it has them."""
    filled = page_text = ""
    unquoted = _IN_QUOTES.sub("", _FACT.sub("", code[1:-1]))
    is_snippet = bool(_LINE.fullmatch(code) or _BLOCK.search(unquoted))
    for index, part in enumerate(_FACT.split(code)):
        # At every second place there is the name of a fact.
        if index % 2 and part != "fix":
            filled += (
                _configured(facts[part], lang)
                if is_snippet
                else _quoted(facts[part], page_text, lang)
            )
        else:
            filled, page_text = filled + part, page_text + part
    return filled


def _configured(value: object, lang: str) -> str:
    """A fact in a block of a server's configuration. One with spaces is a line or a word and its
    modifier, as the configuration has it; quotation marks would make one word of it."""
    text = fact_text(value, lang).replace("`", "\N{REPLACEMENT CHARACTER}")
    if _RUNS.search(text):
        return shlex.quote(text)
    is_word = not any(character.isspace() for character in text)
    return shlex.quote(text) if is_word and _ENDS_WORD.search(text) else text


def _quoted(value: object, before: str, lang: str) -> str:
    """A fact behind what the page itself has `before` it in a command."""
    if isinstance(value, (tuple, list)):
        return (", ").join(_quoted(item, before, lang) for item in value)
    text = fact_text(value, lang).replace("`", "\N{REPLACEMENT CHARACTER}")
    open_quote = _open_quote(before)
    if open_quote == "'":
        return text.replace("'", "'\\''")
    if open_quote:
        return re.sub(r'([\\"$])', r"\\\1", text)
    if before == "`":
        # The program itself, which may have a word behind it ("ip -6 route").
        return " ".join(map(shlex.quote, text.split()))
    return shlex.quote(text) if text else ""


def _open_quote(code: str) -> str:
    """Return the quotation mark that is open for the shell at the end of a text, or "" (POSIX
    shell, section 2.2): one means nothing inside the other, nor does one behind a backslash."""
    mark, is_escaped = "", False
    for character in code:
        if is_escaped:
            is_escaped = False
        elif character == "\\" and mark != "'":
            is_escaped = True
        elif character == mark:
            mark = ""
        elif not mark and character in "'\"":
            mark = character
    return mark


def fact_text(value: object, lang: str = "en") -> str:
    """A fact as text: lists joined as the language joins them, times in UTC to the minute."""
    if isinstance(value, (tuple, list)):
        return translate("join.list", lang).join(fact_text(item, lang) for item in value)
    if isinstance(value, float):
        return f"{value:.1f}".rstrip("0").rstrip(".")
    if hasattr(value, "strftime"):
        return str(value.strftime("%Y-%m-%d %H:%M UTC"))
    return str(value)
