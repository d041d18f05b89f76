"""RewriteRules of a virtual host whose pattern begins without a slash. In a virtual host a pattern
is compared with the whole path, which begins with one; in .htaccess and <Directory> it is not
(mod_rewrite, "What is matched?"). No I/O.
"""

import re
from collections.abc import Iterator

from diagnose.model.frozen import frozen
from diagnose.parsers.apache.rewrite_flags import listed_flags
from diagnose.parsers.apache.rewrite_lines import rewrite_lines
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search

#: A pattern whose first character is a letter, or one of some words.
_RULE = re.compile(
    r"(?i)(\s*RewriteRule\s+[\"']?\^)((?:[a-z0-9_]|\((?:\?:)?[a-z0-9_|-]{1,200}\))[^\s\"']{0,400})"
    r"([\"']?\s+)([\"']?)(\S{1,500}?)\4(?:\s+\[([^\]]{0,200})\])?\s*"
)


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
    conditional = False
    for line in rewrite_lines(text, first, last):
        if not line.is_rule:
            conditional = True
            continue
        if line.is_on and (match := _RULE.fullmatch(line.text)):
            start, end = match.span(2)
            yield UnslashedRule(
                line.number,
                f"{line.text[:start]}/{line.text[start:]}",
                f"^{line.text[start:end]}",
                f"^/{line.text[start:end]}",
                match[5],
                "P" in listed_flags(match[6] or ""),
                conditional,
            )
        conditional = False
