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
from diagnose.model.nginx import ConfigFile, NginxConfig, NginxTest
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.odd_characters import REPLACEMENTS, OddCharacter, odd_characters


@check(
    severity=Severity.ERROR,
    needs=[NginxTest, NginxConfig],
    explains=["nginx.config-invalid"],
)
def bad_character(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    config_error = find_config_error(nginx, r"(unknown|invalid|unexpected|directive|too|no|host) ")
    file = nginx.config.file(config_error[0].file or "") if config_error and nginx.config else None
    odd_ones = odd_characters(file.text) if file else ()
    if (
        config_error is None
        or file is None
        or not odd_ones
        or not _explains_line(config_error[0].line, file, odd_ones)
    ):
        return
    first_line = file.text.count("\n", 0, odd_ones[0].offset) + 1
    column = odd_ones[0].offset - file.text.rfind("\n", 0, odd_ones[0].offset)
    edit = config_edit(
        nginx,
        file.path,
        *(TextEdit(odd.offset, odd.offset + 1, REPLACEMENTS[odd.character]) for odd in odd_ones),
    )
    facts = {
        "place": f"{file.path}:{first_line}",
        "column": column,
        "characters": tuple(dict.fromkeys(f"U+{ord(odd.character):04X}" for odd in odd_ones)),
        "count": len(odd_ones),
    }
    claim = config_error_claim(
        nginx,
        ConfigFault(config_error[0], f"{file.path}:{first_line}", facts),
        Fix(
            (*([edit] if edit else []), *reload_steps(nginx)),
            Applicability.AUTOMATIC
            if edit and _is_unambiguous(file, odd_ones)
            else Applicability.REVIEW,
        ),
    )
    yield _with_location(claim, file, first_line, column)


def _explains_line(line: int | None, file: ConfigFile, odd_ones: tuple[OddCharacter, ...]) -> bool:
    """Return whether the character explains the error: nginx reports that line or, if a ";" was
    intended, a later line."""
    lines = [file.text.count("\n", 0, odd.offset) + 1 for odd in odd_ones]
    return line is not None and min(lines) <= line


def _is_unambiguous(file: ConfigFile, odd_ones: tuple[OddCharacter, ...]) -> bool:
    """Return whether every character is certainly wrong. A curly quote or a space within a word may
    be part of a file name."""
    contexts = (file.text[max(odd.offset - 1, 0) : odd.offset + 2] for odd in odd_ones)
    return not any(
        re.fullmatch(r"[\w./-][^\x00-\x7f;{}\uff1b\uff5b\uff5d][\w./-]", context)
        for context in contexts
    )


def _with_location(claim: Claim, file: ConfigFile, line: int, column: int) -> Claim:
    from dataclasses import replace

    return replace(claim, location=nginx_parser.source_location(file, line, column, column + 1))
