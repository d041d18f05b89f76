"""The rewrite rule that puts a part of the path into the query as it is, with its blanks. No I/O.

Source: the manual's "RewriteRule Flags", B and BNP; mod_rewrite.c, hook_uri2file() and
hook_fixup(): from 2.4.56 a query with a blank or a control character is answered by 403.
"""

import re
from collections.abc import Iterable
from urllib.parse import unquote

from diagnose.model.frozen import frozen
from diagnose.parsers.apache.config import Directive, flatten, parse
from diagnose.parsers.apache.rewrite_flags import rewrite_flags
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search

#: Maximum number of rules that are looked at, and characters of a line.
MAX_RULES, MAX_LINE = 300, 1_500

_REFERENCE = re.compile(r"[$%]\d")
_WORD = r"(?:\"[^\"]{0,500}\"|[^\s\"]{1,500})"
_RULE = re.compile(
    rf"(?i)(\s*RewriteRule\s+{_WORD}\s+{_WORD})(?:\s+\"?\[([^\[\]\"]{{0,200}})\]\"?)?\s*"
)


@frozen
class UnescapedRule:
    """A rule, its line from 1, and the line in its place."""

    number: int
    line: str
    corrected: str


def unescaped_rule(lines: Iterable[tuple[int, str, bool]], path: str) -> UnescapedRule | None:
    """Return the only rule that takes a path and writes what it found into the query as it is; None
    if there is none, or more than one. Each line has its number, and whether its pattern is
    compared with the path without its first slash, as in a folder."""
    own, found = unquote(path.partition("?")[0]), []
    rules = 0
    for number, text, is_relative in lines:
        if rules >= MAX_RULES or not text.lstrip().lower().startswith("rewriterule"):
            continue
        rules += 1
        rule = next(iter(flatten(parse(text, ""))), None) if len(text) <= MAX_LINE else None
        if rule and _takes(rule, own.removeprefix("/") if is_relative else own):
            found.append(UnescapedRule(number, text, _corrected(text, rule)))
    return found[0] if len(found) == 1 and found[0].corrected else None


def _takes(rule: Directive, path: str) -> bool:
    if len(rule.args) < 2 or "B" in rewrite_flags(rule):
        return False
    pattern = rule.args[0]
    if not _REFERENCE.search(rule.args[1].partition("?")[2]) or not is_supported_pcre(pattern):
        return False
    return pcre_search(pattern, path, "NC" in rewrite_flags(rule)) is not None


def _corrected(text: str, rule: Directive) -> str:
    """Return the line with the flag B. Where the path gets a part too, its slashes stay: blanks and
    question marks alone are escaped, a blank as "%20", which is right in both."""
    match = _RULE.fullmatch(text)
    if match is None:
        return ""
    flags = (match[2] or "").strip()
    rest = f",{flags}" if flags else ""
    if _REFERENCE.search(rule.args[1].partition("?")[0]):
        return f'{match[1]} "[B= ?&#,BNP{rest}]"'
    return f"{match[1]} [B{rest}]"
