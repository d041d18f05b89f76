"""RewriteConds of a virtual host that ask whether %{REQUEST_FILENAME} is a file. In a virtual host
rules come before the file is looked for, and the variable is the path of the URL: `!-f` and `!-d`
are true for every path (mod_rewrite, "RewriteCond": REQUEST_FILENAME). No I/O.
"""

import re
from collections.abc import Iterator

from diagnose.model.frozen import frozen
from diagnose.parsers.apache.unslashed_rules import OTHER_SECTIONS
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search

_CONDITION = re.compile(
    r"(?i)(\s*RewriteCond\s+[\"']?)%\{REQUEST_FILENAME\}([\"']?\s+[\"']?!-[fdlFs][\"']?(?:\s+\[[^\]]{0,60}\])?\s*)"
)
_RULE = re.compile(
    r"(?i)\s*RewriteRule\s+([\"']?)(\S{1,300}?)\1\s+([\"']?)(\S{1,500}?)\3(?:\s+\[([^\]]{0,200})\])?\s*"
)
#: Flags with which a rule does not lead to a file of the site.
_OTHER_FLAGS = {"P", "PROXY", "F", "FORBIDDEN", "G", "GONE"}
#: Maximum number of lines that are read.
_MAX_LINES = 5_000


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
    depth, is_on = 0, False
    corrected: dict[int, str] = {}
    is_plain = True
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
            match = _CONDITION.fullmatch(line)
            is_plain = is_plain and match is not None
            if match:
                corrected[number] = f"{match[1]}%{{DOCUMENT_ROOT}}%{{REQUEST_URI}}{match[2]}"
        elif name == "rewriterule":
            rule = _RULE.fullmatch(line)
            flags = {flag.strip().upper() for flag in (rule[5] or "").split(",")} if rule else set()
            if is_on and is_plain and corrected and rule and not flags & _OTHER_FLAGS:
                yield EarlyRule(number, rule[2], rule[4], corrected)
            corrected, is_plain = {}, True
