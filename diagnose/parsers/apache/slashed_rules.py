"""RewriteRules of a folder whose pattern begins with a slash. In <Directory> and .htaccess the
folder and its slash are taken off the path before the comparison, so that such a pattern matches
nothing (mod_rewrite, "What is matched?"). No I/O.
"""

import re
from collections.abc import Iterator

from diagnose.model.frozen import frozen
from diagnose.parsers.continued_lines import joined_rows
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search

_OPENED = re.compile(r"(?i)\s*<directory\s+[\"']?(/[^\s\"'>*?\[]{0,300}?)/?[\"']?\s*>")
_CLOSED = re.compile(r"(?i)\s*</directory\s*>")
#: The slash is one of the pattern's own: nothing says that it may be left out.
_RULE = re.compile(r"(?i)(\s*RewriteRule\s+\^)/([^?*{|\s\"'][^\s\"']{0,400})(\s.{1,700})")
_MAX_LINES, _MAX_LINE = 5_000, 1_500


@frozen
class SlashedRule:
    """A rule: its line, from 1, and that line without the slash; the folder of its section; the
    pattern as it is and as it is meant; `conditional` if a RewriteCond stands before it."""

    number: int
    corrected: str
    folder: str
    pattern: str
    meant: str
    conditional: bool

    def is_for(self, path: str) -> bool:
        """Return whether the rule would take a path of the folder without its slash."""
        known = is_supported_pcre(self.meant)
        return known and pcre_search(self.meant, path.removeprefix("/"), False) is not None


def slashed_rules(text: str, first: int, last: int) -> Iterator[SlashedRule]:
    """Yield such rules of the sections <Directory> between the lines `first` and `last`, where the
    section's own RewriteEngine is on. One that leads nowhere ("-") makes no page, and one that
    stands there without its slash too is for another level."""
    folder, is_on, conditional = "", False, False
    rows = joined_rows(text)[:_MAX_LINES]
    patterns = {words[1] for row in rows if len(words := row[:_MAX_LINE].split(None, 2)) > 1}
    for number, line in enumerate(rows, 1):
        if not first <= number <= last or len(line) > _MAX_LINE:
            continue
        if opened := _OPENED.match(line):
            folder, is_on, conditional = opened[1], False, False
        elif _CLOSED.match(line):
            folder = ""
        words = line.split(None, 2) if folder else []
        name = words[0].lower() if words else ""
        if name == "rewriteengine":
            is_on = words[1:2] != [] and words[1].strip("\"'").lower() == "on"
        elif name == "rewritecond":
            conditional = True
        elif name == "rewriterule":
            match = _RULE.fullmatch(line) if is_on else None
            is_alone = match is not None and patterns.isdisjoint({f"^{match[2]}", f"^/?{match[2]}"})
            if match is not None and is_alone and match[3].split()[0].strip("\"'") != "-":
                yield SlashedRule(
                    number, f"{match[1]}{match[2]}{match[3]}", folder,
                    f"^/{match[2]}", f"^{match[2]}", conditional,
                )  # fmt: skip
            conditional = False
