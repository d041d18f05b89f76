"""A character that looks right but is another one: a byte order mark, a no-break space, full-width
punctuation. They come with text copied from a web page or saved on Windows."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from checks.nginx._errors import ConfigFault, config_error_claim, find_config_error
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity
from diagnose.model.frozen import frozen
from diagnose.model.nginx import ConfigFile, NginxConfig, NginxTest
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx.edits import TextEdit

#: The characters that nginx would have understood instead.
REPLACEMENTS = {
    "\ufeff": "",
    "\u200b": "",
    "\u00a0": " ",
    "\u2002": " ",
    "\u2003": " ",
    "\u3000": " ",
    "\uff1b": ";",
    "\uff5b": "{",
    "\uff5d": "}",
    "\u201c": '"',
    "\u201d": '"',
    "\u2018": "'",
    "\u2019": "'",
}

_ODD_CHARACTER = re.compile("[" + "".join(REPLACEMENTS) + "]")
#: Comments and quoted strings, in which any character may be intended.
_COMMENT_OR_QUOTE = re.compile(r"""(?<!\S)\#[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""")


@frozen
class OddCharacter:
    """One such character and its offset in the file."""

    offset: int
    character: str


@check(
    severity=Severity.ERROR,
    needs=[NginxTest, NginxConfig],
    explains=["nginx.config-invalid"],
)
def bad_character(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    config_error = find_config_error(nginx, r"(unknown|invalid|unexpected|directive|too|no|host) ")
    file = nginx.config.file(config_error[0].file or "") if config_error and nginx.config else None
    odd_characters = _odd_characters(file) if file else ()
    if (
        config_error is None
        or file is None
        or not odd_characters
        or not _explains_line(config_error[0].line, file, odd_characters)
    ):
        return
    first_line = file.text.count("\n", 0, odd_characters[0].offset) + 1
    column = odd_characters[0].offset - file.text.rfind("\n", 0, odd_characters[0].offset)
    edit = config_edit(
        nginx,
        file.path,
        *(
            TextEdit(odd.offset, odd.offset + 1, REPLACEMENTS[odd.character])
            for odd in odd_characters
        ),
    )
    facts = {
        "place": f"{file.path}:{first_line}",
        "column": column,
        "characters": tuple(dict.fromkeys(f"U+{ord(odd.character):04X}" for odd in odd_characters)),
        "count": len(odd_characters),
    }
    claim = config_error_claim(
        nginx,
        ConfigFault(config_error[0], f"{file.path}:{first_line}", facts),
        Fix(
            (*([edit] if edit else []), *reload_steps(nginx)),
            Applicability.AUTOMATIC
            if edit and _is_unambiguous(file, odd_characters)
            else Applicability.REVIEW,
        ),
    )
    yield _with_location(claim, file, first_line, column)


def _odd_characters(file: ConfigFile) -> tuple[OddCharacter, ...]:
    spans = [match.span() for match in _COMMENT_OR_QUOTE.finditer(file.text)]
    return tuple(
        OddCharacter(match.start(), match[0])
        for match in _ODD_CHARACTER.finditer(file.text)
        if not any(start <= match.start() < stop for start, stop in spans)
    )


def _explains_line(
    line: int | None, file: ConfigFile, odd_characters: tuple[OddCharacter, ...]
) -> bool:
    """Return whether the character explains the error: nginx reports that line or, if a ";" was
    intended, a later line."""
    lines = [file.text.count("\n", 0, odd.offset) + 1 for odd in odd_characters]
    return line is not None and min(lines) <= line


def _is_unambiguous(file: ConfigFile, odd_characters: tuple[OddCharacter, ...]) -> bool:
    """Return whether every character is certainly wrong. A curly quote or a space within a word may
    be part of a file name."""
    contexts = (file.text[max(odd.offset - 1, 0) : odd.offset + 2] for odd in odd_characters)
    return not any(
        re.fullmatch(r"[\w./-][^\x00-\x7f;{}\uff1b\uff5b\uff5d][\w./-]", context)
        for context in contexts
    )


def _with_location(claim: Claim, file: ConfigFile, line: int, column: int) -> Claim:
    from dataclasses import replace

    return replace(claim, location=nginx_parser.source_location(file, line, column, column + 1))
