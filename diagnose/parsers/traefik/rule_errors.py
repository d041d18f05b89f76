"""What is wrong with the rule of a router of Traefik, in Traefik's words, and the rule as it was
meant ("Routers", "Migration from version 2 to 3"). No I/O.

A value of a rule stands in backticks or double quotes: in single quotes stands one character, as in
Go. Version 3 has other names for some matchers, and most take one value.
"""

import re

from diagnose.parsers.traefik.rules import LITERAL_BRACES, MAX_LENGTH, OLD_PATTERN

_VALUE = r"(?:`[^`]{0,1000}`|\"[^\"]{0,1000}\"|'[^']{0,1000}'|[^()`\"',\s]{1,253})"
_CALL = re.compile(rf"\b([A-Za-z]\w{{0,40}})\(\s*({_VALUE}(?:\s*,\s*{_VALUE}){{0,30}})\s*\)")
_VALUES = re.compile(_VALUE)
_NAME = re.compile(r"[A-Za-z0-9*_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){1,10}")
#: The syntax of version 1.
_FIRST = re.compile(r"(Host|PathPrefix|Path)\s*:\s*([^;`'\"()]{1,500})")

#: The matchers of version 2 that version 3 calls otherwise, and those of one value there.
_RENAMED = {"HostHeader": "Host", "Headers": "Header", "HeadersRegexp": "HeaderRegexp"}
_SINGLE = frozenset(
    {"ClientIP", "Host", "HostRegexp", "Method", "Path", "PathPrefix", "PathRegexp"}
)
#: The matchers that take regular expressions, by the one for which a pattern of version 2 stood.
_PATTERNED = {
    "Host": "HostRegexp",
    "HostRegexp": "HostRegexp",
    "Path": "PathRegexp",
    "PathPrefix": "PathRegexp",
}


def rule_error(rule: str, major: int) -> str:
    """Return why Traefik does not take a rule, "" if nothing is known against it."""
    if not rule or len(rule) > MAX_LENGTH:
        return ""
    if _NAME.fullmatch(rule.strip(" `")):
        return f"{rule} is not defined"
    if _FIRST.match(rule):
        return "expected operand, found ':'"
    for call in _CALL.finditer(rule):
        values = _VALUES.findall(call[2])
        for value in values:
            if value[0] == "'" and len(value) != len("'a'"):
                return "illegal rune literal"
            if value[0] not in "`\"'":
                return f"{value} is not defined"
        if major < LITERAL_BRACES:
            continue
        if call[1] in _RENAMED:
            return f"unsupported function: {call[1]}"
        if call[1] in _SINGLE and len(values) > 1:
            return f"unexpected number of parameters; got {len(values)}, expected one of [1]"
    return ""


def corrected_rule(rule: str, major: int) -> str:
    """Return the rule as it was meant; "" if that is not known or nothing is wrong with it."""
    text = rule.strip()
    is_old = major >= LITERAL_BRACES and OLD_PATTERN.search(text)
    if len(text) > MAX_LENGTH or not (is_old or rule_error(rule, major)):
        return ""
    if _NAME.fullmatch(text.strip(" `")):
        corrected = f"Host(`{text.strip(' `')}`)"
    elif _FIRST.match(text):
        corrected = _of_first(text)
    else:
        is_whole = _CALL.fullmatch(text) is not None
        corrected = _CALL.sub(lambda call: _corrected_call(call, major, is_whole), text)
    is_right = corrected != text and not rule_error(corrected, major)
    return corrected if is_right and "\n" not in corrected else ""


def _of_first(text: str) -> str:
    """Return the parts of a rule of version 1, "Host:a.example,b.example;PathPrefix:/c"."""
    parts = [_FIRST.fullmatch(part.strip()) for part in text.split(";")[:20]]
    if not all(parts):
        return text
    return " && ".join(
        _alternatives(part[1], [value.strip() for value in part[2].split(",")], len(parts) == 1)
        for part in parts
        if part
    )


def _corrected_call(call: re.Match[str], major: int, is_whole: bool) -> str:
    values = [value[1:-1] if value[0] in "`\"'" else value for value in _VALUES.findall(call[2])]
    if any("`" in value for value in values):
        return call[0]
    name = call[1]
    if major < LITERAL_BRACES:
        return f"{name}({', '.join(f'`{value}`' for value in values)})"
    name = _RENAMED.get(name, name)
    if name in _PATTERNED and any(OLD_PATTERN.search(value) for value in values):
        values = [_expression(value, name) for value in values]
        name = _PATTERNED[name]
    if name in _SINGLE:
        return _alternatives(name, values, is_whole)
    return f"{name}({', '.join(f'`{value}`' for value in values)})"


def _alternatives(name: str, values: list[str], is_whole: bool) -> str:
    text = " || ".join(f"{name}(`{value}`)" for value in values)
    return text if is_whole or len(values) == 1 else f"({text})"


def _expression(value: str, name: str) -> str:
    """Return the regular expression for a value with patterns of version 2."""
    anything = "[^.]+" if name.startswith("Host") else "[^/]+"
    parts, position = ["^"], 0
    for match in OLD_PATTERN.finditer(value):
        parts += [re.escape(value[position : match.start()]).replace("\\-", "-")]
        parts += [f"(?:{match[1]})" if match[1] else anything]
        position = match.end()
    end = "" if name == "PathPrefix" else "$"
    return "".join([*parts, re.escape(value[position:]).replace("\\-", "-"), end])
