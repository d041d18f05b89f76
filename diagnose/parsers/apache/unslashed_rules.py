"""RewriteRules of a virtual host whose pattern begins without a slash. In a virtual host a pattern
is compared with the whole path, which begins with one; in .htaccess and <Directory> it is not
(mod_rewrite, "What is matched?"). No I/O.
"""

import re
from collections.abc import Iterator

from diagnose.model.frozen import frozen
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search

#: A pattern whose first character is a letter, or one of some words.
_RULE = re.compile(
    r"(?i)(\s*RewriteRule\s+[\"']?\^)((?:[a-z0-9_]|\((?:\?:)?[a-z0-9_|-]{1,200}\))[^\s\"']{0,400})"
    r"([\"']?\s+)([\"']?)(\S{1,500}?)\4(?:\s+\[([^\]]{0,200})\])?\s*"
)
#: Sections in which a pattern is compared with something else.
OTHER_SECTIONS = re.compile(r"(?i)\s*<(/?)(?:(?:directory|files|location)(?:match)?|if)\b")

#: Maximum number of lines that are read.
_MAX_LINES = 5_000


@frozen
class UnslashedRule:
    """A rule: its line, from 1, and that line with the slash; the pattern as it is and as it is
    meant. `passes_on` is True if it passes requests on (flag P), `conditional` if a RewriteCond
    stands before it."""

    number: int
    corrected: str
    pattern: str
    meant: str
    target: str
    passes_on: bool
    conditional: bool

    def is_for(self, path: str) -> bool:
        """Return whether the rule does not take the path, and would with the slash."""
        is_known = is_supported_pcre(self.pattern) and is_supported_pcre(self.meant)
        if not is_known or pcre_search(self.pattern, path, False) is not None:
            return False
        return pcre_search(self.meant, path, False) is not None


def unslashed_rules(text: str, first: int, last: int) -> Iterator[UnslashedRule]:
    """Yield such rules of the virtual host from the line `first` to `last`, where its own
    RewriteEngine is on."""
    depth, is_on, conditional = 0, False, False
    for number, line in enumerate(text.split("\n")[:_MAX_LINES], 1):
        if not first <= number <= last or len(line) > 1500:
            continue
        if section := OTHER_SECTIONS.match(line):
            depth += -1 if section[1] else 1
        if depth > 0:
            continue
        words = line.split(None, 2)
        name = words[0].lower() if words else ""
        if name == "rewriteengine":
            is_on = words[1:2] != [] and words[1].strip("\"'").lower() == "on"
        elif name == "rewritecond":
            conditional = True
        elif name == "rewriterule":
            if is_on and (match := _RULE.fullmatch(line)):
                flags = {flag.strip().upper() for flag in (match[6] or "").split(",")}
                start, end = match.span(2)
                yield UnslashedRule(
                    number,
                    f"{line[:start]}/{line[start:]}",
                    f"^{line[start:end]}",
                    f"^/{line[start:end]}",
                    match[5],
                    bool({"P", "PROXY"} & flags),
                    conditional,
                )
            conditional = False
