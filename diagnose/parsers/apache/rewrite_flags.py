"""The flags of mod_rewrite's rules and conditions ("[R=301,L]", "[NC,OR]"). No I/O.

Source: the manual's "RewriteRule Flags"; mod_rewrite.c, cmd_rewriterule_setflag() and
cmd_rewritecond_setflag(): names count in any case, and most have a long form.
"""

from diagnose.parsers.apache.config import Directive

#: The short name of each long one.
_SHORT_NAMES = {
    "CHAIN": "C",
    "COOKIE": "CO",
    "ENV": "E",
    "FORBIDDEN": "F",
    "GONE": "G",
    "HANDLER": "H",
    "LAST": "L",
    "NEXT": "N",
    "NOCASE": "NC",
    "NOESCAPE": "NE",
    "NOSUBREQ": "NS",
    "NOVARY": "NV",
    "ORNEXT": "OR",
    "PASSTHROUGH": "PT",
    "PROXY": "P",
    "QSAPPEND": "QSA",
    "QSDISCARD": "QSD",
    "QSLAST": "QSL",
    "REDIRECT": "R",
    "SKIP": "S",
    "TYPE": "T",
}


def rewrite_flags(line: Directive) -> dict[str, str]:
    """Return the flags of a RewriteRule or RewriteCond as listed_flags() does; {} without flags."""
    return listed_flags(" ".join(line.args[2:]))


def listed_flags(text: str) -> dict[str, str]:
    """Return the flags of a list by their short names in capitals, with their values ("301" of
    R=301), "" where they have none. The brackets may be left out."""
    flags: dict[str, str] = {}
    for word in text.strip().strip("[]").split(","):
        name, _, value = word.strip().partition("=")
        if name:
            flags[_SHORT_NAMES.get(name.upper(), name.upper())] = value
    return flags
