"""A character that looks right and is another: a byte order mark, a no-break space, full-width
punctuation, as they come with a text that was copied from a web page or saved on Windows."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity
from diagnose.model.frozen import frozen
from diagnose.model.nginx import ConfigFile, NginxConfig, NginxTest
from diagnose.parsers.nginx import config as wire
from diagnose.parsers.nginx.edits import Change

#: What nginx would have understood in their place.
MEANT = {
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

_ODD = re.compile("[" + "".join(MEANT) + "]")
#: Comments, and what stands in quotes: there any character may be meant.
_APART = re.compile(r"""(?<!\S)\#[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""")


@frozen
class Odd:
    """One such character: its offset in the file, and itself."""

    at: int
    character: str


@check(
    severity=Severity.ERROR,
    needs=[NginxTest, NginxConfig],
    explains=["nginx.config-invalid"],
)
def bad_character(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    refused = nginx.refused(r"(unknown|invalid|unexpected|directive|too|no|host) ")
    file = nginx.config.file(refused[0].file or "") if refused and nginx.config else None
    found = _odd(file) if file else ()
    if refused is None or file is None or not found or not _fits(refused[0].line, file, found):
        return
    first = file.text.count("\n", 0, found[0].at) + 1
    column = found[0].at - file.text.rfind("\n", 0, found[0].at)
    edit = nginx.edit(
        file.path, *(Change(o.at, o.at + 1, MEANT[o.character]) for o in found)
    )  # fmt: skip
    facts = {
        "place": f"{file.path}:{first}",
        "column": column,
        "characters": tuple(dict.fromkeys(f"U+{ord(one.character):04X}" for one in found)),
        "count": len(found),
    }
    claim = nginx.complaint(
        refused[0],
        f"{file.path}:{first}",
        facts,
        Fix(
            (*([edit] if edit else []), *nginx.taken()),
            Applicability.AUTOMATIC if edit and _is_plain(file, found) else Applicability.REVIEW,
        ),
    )
    yield _placed(claim, file, first, column)


def _odd(file: ConfigFile) -> tuple[Odd, ...]:
    apart = [match.span() for match in _APART.finditer(file.text)]
    return tuple(
        Odd(match.start(), match[0])
        for match in _ODD.finditer(file.text)
        if not any(start <= match.start() < stop for start, stop in apart)
    )


def _fits(line: int | None, file: ConfigFile, found: tuple[Odd, ...]) -> bool:
    """nginx notices on that very line, or, where a ";" was meant, further down."""
    lines = [file.text.count("\n", 0, one.at) + 1 for one in found]
    return line is not None and min(lines) <= line


def _is_plain(file: ConfigFile, found: tuple[Odd, ...]) -> bool:
    """Whether none may be meant as it is: a curly quote or a blank within a word may be part of a
    file's name."""
    around = (file.text[max(one.at - 1, 0) : one.at + 2] for one in found)
    return not any(
        re.fullmatch(r"[\w./-][^\x00-\x7f;{}\uff1b\uff5b\uff5d][\w./-]", one) for one in around
    )


def _placed(claim: Claim, file: ConfigFile, line: int, column: int) -> Claim:
    from dataclasses import replace

    return replace(claim, location=wire.spot(file, line, column, column + 1))
