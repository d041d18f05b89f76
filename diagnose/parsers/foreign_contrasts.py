"""Under which circumstance a site fails, while it works under another, in words of other languages
than English and Chinese. Pure, except that it reads `foreign_contrasts.toml`, once.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from diagnose.model.symptom import SymptomKind
from diagnose.parsers.foreign_words import failures, languages_of, spans
from diagnose.parsers.visible_faults import VisibleFault

TABLE = Path(__file__).with_suffix(".toml")
#: Where a clause ends. A dot within a name or a number ends none.
_BETWEEN = re.compile(
    r"[\n;；。！!？?,，、—()（）]|\.+(?=\s|$)|:(?=\s)| [-–]+ "
    r"|\b(?:aber|jedoch|während|sobald|sondern|mais|alors que|lorsque|quand|tandis que|dès que"
    r"|pero|mientras|cuando|aunque|sino|mas|porém|enquanto|quando|embora|ma|però|mentre|invece"
    r"|но|а|когда|хотя|зато|але|ale|natomiast|gdy|kiedy|zatímco|když|maar|terwijl|als|men|medan"
    r"|när|ama|fakat|ancak|tapi|tetapi|namun|sedangkan|nhưng|còn|لكن|ولكن|بينما)\b|(?=\bولا\b)"
    r"|(?<=[すだるたいくうつむ])が|けれど|けど|のに|しかし|一方|지만|는데|으나|반면",
    re.IGNORECASE,
)
#: Clauses of a message that are read.
_MAX_CLAUSES = 24
#: An address with or without a port, a port alone, and an address of the machine itself.
_ADDRESS = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])(:\d{1,5})?", re.ASCII)
_OWN_PORT = re.compile(r"(?i)\blocalhost:\d{1,5}|(?<![\w:]):\d{2,5}\b|\bport \d{2,5}\b", re.ASCII)
_URL = re.compile(
    r"(?i)(?<![A-Za-z0-9])(https?)://([^\s/\"'<>，。；、：]{0,253})[^\s\"'<>，。；、]{0,500}"
)

#: A host's name.
_NAME = re.compile(
    r"(?<![A-Za-z0-9.-])(?:[A-Za-z0-9-]{1,63}\.){1,10}[A-Za-z]{2,24}(?![A-Za-z0-9-])", re.ASCII
)

#: A clause that leaves its verb out: "in Chrome geht es, in Firefox nicht"; "en el móvil sí".
_IS_DENIED = re.compile(
    r"\s(?:nicht|pas|no|não|non|нет|ні|nie|ne|niet|inte|hayır|tidak|không|لا)\W{0,3}$",
    re.IGNORECASE,
)
_IS_AFFIRMED = re.compile(
    r"\s(?:schon|ja|oui|sí|sim|sì|да|так|tak|ano|evet|iya|نعم)\W{0,3}$", re.IGNORECASE
)

_ByLanguage = Mapping[str, tuple[str, ...]]


class _Contrast(NamedTuple):
    kind: SymptomKind
    works: _ByLanguage
    fails: _ByLanguage


class _Clause(NamedTuple):
    text: str
    works: bool
    fails: bool


def foreign_contrast(line: str) -> VisibleFault | None:
    """Return the circumstance under which a line says that the site fails, while it works under
    another; None if it says nothing of it."""
    words = _with_marks(line)
    languages = languages_of(words)
    clauses = tuple(_clauses(words, languages)) if languages else ()
    working = [clause.text for clause in clauses if clause.works]
    failing = [clause.text for clause in clauses if clause.fails]
    if not working:
        return None
    for contrast in _tables().contrasts:
        for text in working:
            if not _names(contrast.works, text, languages):
                continue
            if _names(_tables().only, text, languages) and not _names(
                contrast.fails, text, languages
            ):
                return VisibleFault(contrast.kind, None, text)
            for other in failing:
                if _names(contrast.fails, other, languages) and not _names(
                    contrast.works, other, languages
                ):
                    return VisibleFault(contrast.kind, None, other)
    return _contrast_of_clients(failing, working, languages)


def _contrast_of_clients(
    failing: list[str], working: list[str], languages: set[str]
) -> VisibleFault | None:
    """Return the client that fails where another works."""
    used = {name for text in working for name in _names(_tables().clients, text, languages)}
    for text in failing:
        failed = _names(_tables().clients, text, languages)
        if used and failed and not failed & used:
            return VisibleFault("some-visitors", None, text)
    return None


def _with_marks(line: str) -> str:
    """Return a line whose URLs, names and addresses are words: the scheme, where only the scheme
    differs, "domain", "ip" and "port"."""
    hosts = {match[2].lower().strip(".") for match in _URL.finditer(line)}
    if len(hosts) == 1:
        line = _URL.sub(r"\1 ", line)
    line = _ADDRESS.sub(lambda match: " ip port " if match[1] else " ip ", line)
    line = _OWN_PORT.sub(lambda match: " local port " if match[0][0] in "lL" else " port ", line)
    return _NAME.sub(" domain ", line)


def clause_texts(line: str) -> list[str]:
    """Return the clauses of a line as they are written."""
    return [text for text in islice(_BETWEEN.split(line), _MAX_CLAUSES) if text and text.strip()]


def _clauses(words: str, languages: set[str]) -> Iterator[_Clause]:
    for text in islice(filter(str.strip, _BETWEEN.split(words)), _MAX_CLAUSES):
        rest, is_fine = text, False
        for language in languages & _tables().fine.keys():
            for first, end in spans(_tables().fine[language], rest, language):
                rest, is_fine = f"{rest[:first]}{' ' * (end - first)}{rest[end:]}", True
        # "without SSL it works": what is left out does not fail.
        for contrast in _tables().contrasts:
            for language in languages & contrast.works.keys():
                for first, end in spans(contrast.works[language], rest, language):
                    rest = f"{rest[:first]}{' ' * (end - first)}{rest[end:]}"
        is_failing = any(spans(failures(name), rest, name) for name in languages)
        is_failing = is_failing or _IS_DENIED.search(rest) is not None
        is_fine = is_fine or _IS_AFFIRMED.search(rest) is not None
        works = not is_failing and (is_fine or bool(_names(_tables().works, text, languages)))
        yield _Clause(text, works, is_failing)


def _names(table: _ByLanguage, text: str, languages: set[str]) -> set[str]:
    """Return the words of a table that a text has."""
    return {
        text[first:end].lower()
        for language in ("any", *languages)
        for first, end in spans(table.get(language, ()), text, language)
    }


class _Tables(NamedTuple):
    contrasts: tuple[_Contrast, ...]
    works: _ByLanguage
    fine: _ByLanguage
    only: _ByLanguage
    clients: _ByLanguage


@cache
def _tables() -> _Tables:
    import tomllib  # few runs have a pasted message

    table = tomllib.loads(TABLE.read_text("utf-8"))
    contrasts = (
        _Contrast(each["kind"], _by_language(each["works"]), _by_language(each["fails"]))
        for each in table["contrast"]
    )
    names = ("works", "fine", "only", "clients")
    return _Tables(tuple(contrasts), *(_by_language(table[name]) for name in names))


def _by_language(words: Mapping[str, list[str]]) -> _ByLanguage:
    return {language: tuple(some) for language, some in words.items()}
