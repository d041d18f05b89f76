"""RewriteConds of a virtual host that ask whether %{REQUEST_FILENAME} is a file. In a virtual host
rules come before the file is looked for, and the variable is the path of the URL: `!-f` and `!-d`
are true for every path (mod_rewrite, "RewriteCond": REQUEST_FILENAME). No I/O.
"""

import re
from collections.abc import Iterator

from diagnose.model.frozen import frozen
from diagnose.parsers.apache.rewrite_flags import listed_flags
from diagnose.parsers.apache.rewrite_lines import rewrite_lines
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search

_CONDITION = re.compile(
    r"(?i)(\s*RewriteCond\s+[\"']?)%\{REQUEST_FILENAME\}([\"']?\s+[\"']?!-[fdlFs][\"']?(?:\s+\[[^\]]{0,60}\])?\s*)"
)
_RULE = re.compile(
    r"(?i)\s*RewriteRule\s+([\"']?)(\S{1,300}?)\1\s+([\"']?)(\S{1,500}?)\3(?:\s+\[([^\]]{0,200})\])?\s*"
)
#: Flags with which a rule does not lead to a file of the site.
_OTHER_FLAGS = {"P", "F", "G"}


@frozen
class EarlyRule:
    """A rule whose conditions are true for every path: its line, from 1, its pattern and target.
    `corrected` are the conditions' lines, by their numbers, as they are meant."""

    number: int
    pattern: str
    target: str
    corrected: dict[int, str]

    def takes(self, path: str) -> bool:
        """Return whether the pattern matches a path; False if that is not known."""
        is_known = is_supported_pcre(self.pattern)
        return is_known and pcre_search(self.pattern, path, False) is not None


def early_rules(text: str, first: int, last: int) -> Iterator[EarlyRule]:
    """Yield such rules of the virtual host from the line `first` to `last`, where its own
    RewriteEngine is on. A rule with a condition of another kind is left out."""
    corrected: dict[int, str] = {}
    is_plain = True
    for line in rewrite_lines(text, first, last):
        if not line.is_rule:
            match = _CONDITION.fullmatch(line.text)
            is_plain = is_plain and match is not None
            if match:
                corrected[line.number] = f"{match[1]}%{{DOCUMENT_ROOT}}%{{REQUEST_URI}}{match[2]}"
            continue
        rule = _RULE.fullmatch(line.text)
        is_of_file = rule is not None and not set(listed_flags(rule[5] or "")) & _OTHER_FLAGS
        if line.is_on and is_plain and corrected and rule and is_of_file:
            yield EarlyRule(line.number, rule[2], rule[4], corrected)
        corrected, is_plain = {}, True
