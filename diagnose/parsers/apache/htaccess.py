"""What is wrong in an .htaccess, by Apache's message about it and the file's text: the lines that
the message is about, the lines in their place, and the rule that goes round in a circle. No I/O."""

import re

from diagnose.model.frozen import frozen
from diagnose.parsers.apache.config import Directive, flatten, parse
from diagnose.parsers.apache.rewrite_flags import rewrite_flags
from diagnose.parsers.nginx.pcre import is_supported_pcre, pcre_search

#: Longest line, and most lines and rules that are looked at.
MAX_LINE, MAX_LINES, MAX_RULES = 2000, 2000, 300

#: "Invalid command 'php_flag', perhaps misspelled …", "Options not allowed here",
#: "RewriteRule: bad flag delimiters", "Order takes one argument, …".
_ABOUT = re.compile(r"(?:Invalid command '(<?\w{1,100})'|(<?\w{1,100})(?: |: |>))")
_FLAGS = re.compile(r"(Rewrite(?:Rule|Cond)): bad flag delimiters")
#: "Option FollowSymLinks not allowed here" (core, set_options()), and the one in its place that
#: hosts permit: links whose target has the same owner.
_OPTION = re.compile(r"Option (\w{1,40}) not allowed here")
_LINKS, _OWN_LINKS = "followsymlinks", "SymLinksIfOwnerMatch"
_WORD = r"(?:\"[^\"]{0,500}\"|[^\s\"]{1,500})"
_REWRITE = re.compile(rf"(\s*(Rewrite(?:Rule|Cond))\s+{_WORD}\s+)({_WORD})\s+(\S.*)", re.I)
_RULE_FLAGS = re.compile(r"(.{1,500}?)(?:\s+(\[[^\[\]\"]{1,200}\]))?")

#: Directives of PHP that runs in Apache itself (mod_php, "php_value").
_PHP = {"php_flag", "php_value", "php_admin_flag", "php_admin_value"}

#: A RewriteBase that is no path: a whole address, or a folder without its slash.
_BASE = re.compile(
    r"(?i)^(\s*RewriteBase\s+)\"?(?:https?://[^/\s\"]{1,255})?(/?)([\w./~-]{0,300})\"?\s*$"
)

#: What a path may have that is written into an expression.
_PLAIN = re.compile(r"/[\w./-]{1,200}")
#: A byte order mark, as Apache's log writes its bytes.
_MARK = "invalid command '\\xef\\xbb\\xbf"
_ENDS = {"R", "F", "G", "P", "END"}


def faulty_lines(text: str, message: str) -> tuple[int, ...]:
    """Return the numbers of the lines that a message is about, those with the directive that it
    names; () if that is not known."""
    lines = _lines(text)
    if match := _FLAGS.match(message):
        return tuple(
            number for number, line in lines.items() if _has_bad_flags(line, match[1].lower())
        )
    if match := _OPTION.match(message):
        return tuple(
            number for number, line in lines.items() if _option_words(line, match[1]) is not None
        )
    match = _ABOUT.match(message)
    name = (match[1] or match[2]).lower() if match else ""
    return tuple(number for number, line in lines.items() if name and _directive_of(line) == name)


def mended_lines(text: str, message: str) -> dict[int, tuple[str, ...]]:
    """Return the lines in the place of faulty ones; {} if it takes a person. Flags, or a condition,
    with a blank are put into quotes. An option that is not permitted goes. Settings of PHP count
    only where PHP runs in Apache: where it does not, they stand in an <IfModule>. RewriteBase takes
    the path of an address alone."""
    lines, faulty = _lines(text), faulty_lines(text, message)
    if message.startswith("RewriteBase: "):
        mended = _BASE.sub(_path_of_base, lines[faulty[0]]) if len(faulty) == 1 else ""
        return {faulty[0]: (mended,)} if mended and mended != lines[faulty[0]] else {}
    if _FLAGS.match(message):
        mended = _quoted(lines[faulty[0]]) if len(faulty) == 1 else ""
        return {faulty[0]: (mended,)} if mended else {}
    if option := _OPTION.match(message):
        words = _option_words(lines[faulty[0]], option[1]) if len(faulty) == 1 else None
        return {faulty[0]: words} if words is not None else {}
    if not message.startswith("Invalid command") or not faulty:
        return {}
    if _directive_of(lines[faulty[0]]) not in _PHP:
        return {}
    own = {number for number, line in lines.items() if _directive_of(line) in _PHP}
    return {
        number: (
            *(() if number - 1 in own else ("<IfModule mod_php.c>",)),
            lines[number],
            *(() if number + 1 in own else ("</IfModule>",)),
        )
        for number in sorted(own)
    }


def _option_words(line: str, option: str) -> tuple[str, ...] | None:
    """Return the line in the place of a line of `Options` that adds this option, () for none; None
    if the line does not add it. What a line takes away is left to a person."""
    words = line.split()
    if words[0].lower() != "options":
        return None
    own = {option.lower(), f"+{option.lower()}"}
    if not any(word.lower() in own for word in words[1:]):
        return None
    new = list[str]()
    for word in words[1:]:
        sign = "+" if word.startswith("+") else ""
        if word.lower() not in own:
            new.append(word)
        elif option.lower() == _LINKS:
            new.append(f"{sign}{_OWN_LINKS}")
    indent = line[: len(line) - len(line.lstrip())]
    return (f"{indent}{words[0]} {' '.join(dict.fromkeys(new))}",) if new else ()


def _path_of_base(match: re.Match[str]) -> str:
    return f"{match[1]}/{match[3]}"


def begins_with_mark(message: str) -> bool:
    """Return whether a message is about the mark of UTF-8 at the beginning of a file, which some
    editors write and Apache takes for a part of the first directive."""
    return message.lower().startswith(_MARK)


def is_php_setting(message: str) -> bool:
    """Return whether a message is about a setting of PHP in Apache."""
    match = _ABOUT.match(message)
    return match is not None and (match[1] or "").lower() in _PHP


def _lines(text: str) -> dict[int, str]:
    lines = text.split("\n")[:MAX_LINES]
    return {n: line for n, line in enumerate(lines, 1) if line.strip() and len(line) < MAX_LINE}


def _directive_of(line: str) -> str:
    return line.split(None, 1)[0].rstrip(">").lower()


def _has_bad_flags(line: str, directive: str) -> bool:
    """Return whether the third word of a rule or condition is no list of flags (mod_rewrite,
    cmd_rewriterule() and cmd_rewritecond())."""
    match = _REWRITE.fullmatch(line.rstrip())
    if match is None or match[2].lower() != directive or line.endswith("\\"):
        return False
    word = match[4].split(None, 1)[0]
    return not match[4].startswith('"') and not (word.startswith("[") and word.endswith("]"))


def _quoted(line: str) -> str:
    """Return a rule whose flags have a blank, or a condition whose pattern has one, with quotes
    around them; "" if it is written in another way."""
    match = _REWRITE.fullmatch(line.rstrip())
    if match is None or '"' in match[4] or "\\" in match[4]:
        return ""
    if match[4].startswith("[") and match[4].endswith("]"):
        return f'{match[1]}{match[3]} "{match[4]}"'
    parts = _RULE_FLAGS.fullmatch(match[4])
    if match[2].lower() != "rewritecond" or '"' in match[3] or parts is None:
        return ""
    return f'{match[1]}"{match[3]} {parts[1]}"{f" {parts[2]}" if parts[2] else ""}'


@frozen
class CirclingRule:
    """A rule that is true for its own result. `condition` is the line that ends the circle, `line`
    the number of the line before which it belongs: that of the rule's first condition."""

    rule: Directive
    line: int
    condition: str


def circling_rule(text: str, file: str, folder: str) -> CirclingRule | None:
    """Return the only rule of an .htaccess that is true for its own result; None if there is none,
    or more than one, or if a pattern is not understood. `folder` is the path of the URL of its
    folder ("/" or "/blog")."""
    base = f"{folder.rstrip('/')}/"
    circling: list[CirclingRule] = []
    conditions: list[Directive] = []
    for line in flatten(parse(text, file)[:MAX_RULES]):
        if line.name == "rewritebase" and line.args:
            base = f"{line.args[0].rstrip('/')}/"
        elif line.name == "rewritecond":
            conditions.append(line)
        elif line.name == "rewriterule":
            rule = _circling(line, conditions, base, f"{folder.rstrip('/')}/")
            circling += [rule] if rule else []
            conditions = []
    return circling[0] if len(circling) == 1 else None


def _circling(
    rule: Directive, conditions: list[Directive], base: str, folder: str
) -> CirclingRule | None:
    if len(rule.args) < 2 or rule.args[1] == "-" or ":" in rule.args[1]:
        return None
    flags = set(rewrite_flags(rule))
    target = rule.args[1].partition("?")[0]
    path = target if target.startswith("/") else f"{base}{target}"
    prefix = re.split(r"[$%]", path, maxsplit=1)[0]
    is_whole = prefix == path
    tested = {"".join(condition.args[:1]).upper() for condition in conditions}
    # A relative path that is the requested one already is left alone (mod_rewrite, hook_fixup()).
    if is_whole and not target.startswith("/"):
        return None
    # What a condition about the result itself says is not known.
    is_tested = "%{REQUEST_URI}" in tested or (is_whole and "%{REQUEST_FILENAME}" in tested)
    if flags & _ENDS or is_tested or not _PLAIN.fullmatch(prefix) or prefix == folder:
        return None
    own = re.sub(r"[$%]\d", "x", path).removeprefix(folder)
    if not _matches(rule.args[0], own, "NC" in flags):
        return None
    pattern = prefix.replace(".", "\\.") + ("$" if is_whole else "")
    first = conditions[0].line if conditions else rule.line
    return CirclingRule(rule, first, f"RewriteCond %{{REQUEST_URI}} !^{pattern}")


def _matches(pattern: str, path: str, ignores_case: bool) -> bool:
    own = pattern.removeprefix("!")
    if len(own) > 500 or not is_supported_pcre(own):
        return False
    return (pcre_search(own, path, ignores_case) is not None) is not pattern.startswith("!")
