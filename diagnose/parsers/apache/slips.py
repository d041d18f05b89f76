"""Mends the slips of a configuration file that `apachectl -t` refuses: a section that is not
closed, a value of several words without quotes, a word that Apache does not know and whose right
form is known. Source: Apache's documentation, "Syntax of the Configuration Files" and the pages of
the directives. No I/O.
"""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence

from diagnose.model.frozen import frozen
from diagnose.parsers.apache.unclosed_sections import (
    closed_before,
    closed_section,
    closing_of_inner,
    needless_end,
)

#: Maximum number of lines that are read, and of characters of a line that is mended.
_MAX_LINES, _MAX_LINE = 5000, 1000
#: The same of a line that Apache does not name.
_MAX_ALIKE = 400

Changes = Mapping[int, tuple[str, ...]]


@frozen
class Slip:
    """The lines that take the place of others, by their numbers from 1, and what was wrong, by the
    name of a fact; `value` is the word for its sentence."""

    kind: str
    value: str
    changes: Changes


def slip_of(lines: Sequence[str], number: int, message: str) -> Slip | None:
    """Return the slip behind an error of `apachectl -t`, which names line `number` (0: none); None
    if it is not known, or if the right text is known to a person only."""
    if not 0 < number <= len(lines) <= _MAX_LINES or len(lines[number - 1]) > _MAX_LINE:
        return None
    for kind, pattern, mend in _SECTIONS:
        if match := re.search(pattern, message):
            changes = mend(lines, number, match)
            return Slip(kind, match[1], changes) if changes else None
    for kind, pattern, change in _LINES:
        if match := re.search(pattern, message):
            text = lines[number - 1]
            new = change(text, match)
            if new is not None and new.value and new.lines != (text,):
                return Slip(
                    kind, new.value, {number: new.lines, **_similar_changes(lines, number, change)}
                )
    return None


@frozen
class _New:
    """The lines in the place of one, and the word for the sentence about it."""

    lines: tuple[str, ...]
    value: str


_Change = Callable[[str, re.Match[str]], _New | None]


def _similar_changes(
    lines: Sequence[str], number: int, change: _Change
) -> Mapping[int, tuple[str, ...]]:
    """Return the changes of the other lines that Apache would name next for the same reason."""
    pattern = _OF_EACH_LINE.get(change)
    match = re.match("", "")
    changes = {}
    for other, text in enumerate(lines, 1):
        if pattern is None or match is None or other == number or len(text) > _MAX_ALIKE:
            continue
        new = change(text, match) if pattern.match(text) else None
        if new is not None and new.lines != (text,):
            changes[other] = new.lines
    return changes


def _near(word: str, names: Sequence[str]) -> str:
    """Return the name that a word is a misspelling of, "" if none is near."""
    by_lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(word.lower()[:60], by_lower, n=1, cutoff=0.7)
    return by_lower[close[0]] if close else ""


def _replaced(text: str, word: str, right: str) -> _New | None:
    """Return the line with a word of its arguments replaced."""
    new = re.sub(rf"(?<=[\s+=-]){re.escape(word)}(?=\s|$)", lambda _: right, text, count=1)
    return _New((new,), right) if right and new != text else None


def _names(text: str, match: re.Match[str]) -> _New | None:
    """One name, and the others in a ServerAlias."""
    found_names = _SERVER_NAMES.fullmatch(text)
    if found_names is None:
        return None
    indent, first, others = found_names.groups()
    rest = " ".join(re.split(r"[\s,;]+", others.strip(" ,;\t")))
    lines = (f"{indent}ServerName {first.rstrip(',;')}", f"{indent}ServerAlias {rest}")
    return _New(lines, "ServerAlias") if rest else None


_SERVER_NAMES = re.compile(
    r"([ \t]+)ServerName[ \t]+([\w.-]{1,253},?)[ \t]+"
    r"([\w.*-]{1,253},?(?:[ \t]+[\w.*-]{1,253},?){0,40}[ \t]*;?)"
)


def _optional(text: str, match: re.Match[str]) -> _New | None:
    new = re.sub(r"(?i)^(\s*)Include(?=\s)", r"\1IncludeOptional", text)
    return _New((new,), "IncludeOptional")


def _protocol(text: str, match: re.Match[str]) -> _New | None:
    """The right form of a protocol; one that Apache does not know goes."""
    word = match[1]
    form = re.fullmatch(r"[+-]?TLS_?v?1(?:[._]([0-3]))?", word, re.IGNORECASE)
    if form:
        right = f"TLSv1.{form[1]}" if form[1] and form[1] != "0" else "TLSv1"
        return _replaced(text, word.lstrip("+-"), right)
    if "," in word:
        return _New((text.replace(",", " "),), word.replace(",", " "))
    name = word.lstrip("+-")
    # What is taken away may be a misspelled version, which would be in force again.
    if re.search(rf"\s-{re.escape(name)}(?=\s|$)", text) and not _NO_VERSION.fullmatch(name):
        return None
    new = re.sub(rf"\s+[+-]?{re.escape(name)}(?=\s|$)", "", text, count=1)
    return _New((new,), word) if len(new.split()) > 1 else None


#: Versions that no library has any more, or has yet.
_NO_VERSION = re.compile(r"SSLv[23]|TLSv1\.[4-9]", re.IGNORECASE)


def _signs(text: str, match: re.Match[str]) -> _New | None:
    """A word without a sign among others with one is meant to be added."""
    head = re.match(r"\s*Options\s+", text, re.IGNORECASE)
    if head is None or "#" in text:
        return None
    words = [word if word[0] in "+-" else f"+{word}" for word in text[head.end() :].split()]
    # With a sign they would no longer decide alone.
    if {"+none", "+all"} & {word.lower() for word in words}:
        return None
    return _New((head[0] + " ".join(words),), "Options")


_OPTIONS = (
    "All", "ExecCGI", "FollowSymLinks", "Includes", "IncludesNOEXEC", "Indexes", "MultiViews",
    "None", "SymLinksIfOwnerMatch",
)  # fmt: skip
_OVERRIDES = ("All", "AuthConfig", "FileInfo", "Indexes", "Limit", "None", "Options")
_PROVIDERS = (
    "all", "env", "expr", "forward-dns", "group", "host", "ip", "ldap-group", "ldap-user", "local",
    "method", "user", "valid-user",
)  # fmt: skip


_OF_MODULES = re.compile(r"(?i)(?:ldap|dbm|dbd|file|ssl|unix|sspi|shibboleth|claim|oauth2?)-")


def _option(text: str, match: re.Match[str]) -> _New | None:
    return _replaced(text, match[1], _near(match[1], _OPTIONS))


def _override(text: str, match: re.Match[str]) -> _New | None:
    return _replaced(text, match[1], _near(match[1], _OVERRIDES))


def _provider(text: str, match: re.Match[str]) -> _New | None:
    word = match[1]
    if word.lower() in {"granted", "denied"}:
        return _replaced(text, word, f"all {word.lower()}")
    # What another module provides is no misspelled word: that module is not loaded.
    is_of_module = word.lower() in _PROVIDERS or _OF_MODULES.match(word) is not None
    return None if is_of_module else _replaced(text, word, _near(word, _PROVIDERS))


def _decision(text: str, match: re.Match[str]) -> _New | None:
    word = text.split()[-1]
    return _replaced(text, word, _near(word, ("granted", "denied")))


def _backend(text: str, match: re.Match[str]) -> _New | None:
    """An address needs its scheme. That of port 443 is not known: it may be TLS."""
    address = _ADDRESS.fullmatch(match[1])
    if address is None or (address[2] or "") in {":443", ":8443"}:
        return None
    return _replaced(text, match[1], f"http://{match[1]}")


_ADDRESS = re.compile(
    r"(localhost|[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}|[\w-]{1,63}(?=:))(:\d{1,5})?(?:/\S*)?"
)


def _flags(text: str, match: re.Match[str]) -> _New | None:
    """The flags of a rule are one word in brackets."""
    head = re.match(r"(.*\s)\[([^\[\]]{1,300})\]?\s*$", text)
    if head is None or re.search(r"[\"'%$]", head[2]):
        return None
    words = re.split(r"[\s,]+", head[2].strip(" \t,"))
    if not all(map(_FLAG.fullmatch, words)):
        return None
    flags = f"[{','.join(words)}]"
    return _New((head[1] + flags,), flags)


#: The flags of a rule and of a condition, with their values (mod_rewrite, "RewriteRule Flags").
_FLAG = re.compile(
    r"(?:B(?:CTLS|NE|NP|NF)?|C|chain|DPI|discardpath|END|F|forbidden|G|gone|L|last|N|next|NC|nocase"
    r"|NE|noescape|NS|nosubreq|NV|novary|OR|ornext|P|proxy|PT|passthrough|QSA|qsappend|QSD|qsdiscard"
    r"|QSL|qslast|R|redirect|UnsafeAllow3F|UnsafePrefixStat|(?:B|CO|cookie|E|env|H|handler|L|N|next"
    r"|R|redirect|S|skip|T|type)=\S{1,200})",
    re.IGNORECASE,
)


def _switch(text: str, match: re.Match[str]) -> _New | None:
    words = {
        **dict.fromkeys(("yes", "true", "1", "onn", "enable", "enabled", "on;", "in"), "On"),
        **dict.fromkeys(("no", "false", "0", "of", "disable", "disabled", "off;"), "Off"),
    }
    word = text.split()[-1]
    return _replaced(text, word, words.get(word.lower(), ""))


def _quoted(text: str, match: re.Match[str]) -> _New | None:
    """Put quotes around a value of several words."""
    line = _FIELD.fullmatch(text) or _REALM.fullmatch(text)
    if line is None or " " not in line[2].strip():
        return None
    return _New((f'{line[1]}"{line[2].strip()}"{line[3] or ""}',), line[2].strip()[:80])


_FIELD = re.compile(
    r"(\s*(?:Request)?Header\s+(?:(?:always|onsuccess)\s+)?(?:set|add|append|merge|setifempty)\s+"
    r"\S{1,100}\s+)([^\"\\\s][^\"\\]{0,900}?)(\s+(?:env=|expr=|early)\S{0,100})?\s*",
    re.IGNORECASE,
)
_REALM = re.compile(r"(\s*AuthName\s+)([^\"'\\\s][^\"'\\]{0,200}?)()\s*", re.IGNORECASE)


def _bytes(text: str, match: re.Match[str]) -> _New | None:
    size = re.fullmatch(r"(\d{1,6})([kmg])(?:b|ib)?;?", text.split()[-1], re.IGNORECASE)
    if size is None:
        return None
    number = int(size[1]) << {"k": 10, "m": 20, "g": 30}[size[2].lower()]
    return _replaced(text, text.split()[-1], str(number))


def _bracket(text: str, match: re.Match[str]) -> _New | None:
    return _New((f"{text.rstrip()}>",), ">") if ">" not in text else None


def _plain_end(text: str, match: re.Match[str]) -> _New | None:
    """Neither a `;` at the end of a line nor the quotes of a text program."""
    new = re.sub(r"[“”„‟]", '"', text).rstrip().removesuffix(";")
    return _New((new,), new.strip()[:120])


_Mend = Callable[[Sequence[str], int, re.Match[str]], Changes]

#: By the name of a fact, Apache's words and what mends the file.
_SECTIONS: tuple[tuple[str, str, _Mend], ...] = (
    ("section_open", r"(<\w{1,40})> was not closed", closed_section),
    ("section_open", r"Expected </(\w{1,40})> but saw </\w{1,40}>", closing_of_inner),
    ("section_open", r"<(VirtualHost)> cannot occur within <VirtualHost>", closed_before),
    ("section_spare", r"(</\w{1,40})> without matching <\w{1,40}> section", needless_end),
)
_LINES: tuple[tuple[str, str, _Change], ...] = (
    ("aliases", r"^ServerName takes one argument", _names),
    ("optional", r"^Include/IncludeOptional: (?:Could not open directory|No matches)", _optional),
    ("own_word", r"^SSL(?:Proxy)?Protocol: Illegal protocol '([^'\s]{1,60})'", _protocol),
    ("signs", r"^Either all Options must start with", _signs),
    ("own_word", r"^Illegal option (\S{1,60})", _option),
    ("own_word", r"^Illegal override option (\S{1,60})", _override),
    ("own_word", r"^Unknown Authz provider: (\S{1,60})", _provider),
    ("own_word", r"^Argument for 'Require all' must be", _decision),
    ("scheme", r"^\w{1,40} (?:URL must be absolute!|Unable to parse URL): (\S{1,300})", _backend),
    ("flags", r"^Rewrite(?:Rule|Cond): bad flag delimiters", _flags),
    ("own_word", r"^(?:\w{1,60}|Argument) must be On or Off", _switch),
    (
        "words_quoted",
        r"^(?:Too many arguments to directive|Header has too many arguments|Unknown parameter: )",
        _quoted,
    ),
    ("words_quoted", r"^AuthName takes one argument", _quoted),
    ("own_word", r"^LimitRequestBody requires a non-negative integer", _bytes),
    ("own_word", r"^<\w{1,40}> directive missing closing '>'", _bracket),
    (
        "own_word",
        r"^SSL\w{1,60}: file '[^']{0,300}(?:;|\\xe2\\x80\\x9[cd])' does not exist",
        _plain_end,
    ),
)

#: Changes that other lines of the file need too, and how those lines begin.
_OF_EACH_LINE: Mapping[_Change, re.Pattern[str]] = {
    _flags: re.compile(r"\s*Rewrite(?:Rule|Cond)\s.*\s\[[^\[\]]*\s[^\[\]]*\]\s*$", re.IGNORECASE),
    _quoted: re.compile(r"\s*(?:Request)?Header\s[^\"]*;\s", re.IGNORECASE),
    _plain_end: re.compile(r"\s*SSLCertificate\w{0,20}\s.*(?:;|[“”])\s*$", re.IGNORECASE),
}

#: The facts of the sentences about these slips.
KINDS = tuple(dict.fromkeys(kind for kind, _, _ in (*_SECTIONS, *_LINES)))
