"""How Apache spells a path that it passes on: without `nocanon` it decodes the path and encodes it
anew (mod_proxy, ap_proxy_canonenc). Measured with Apache 2.4. No I/O."""

import re

from diagnose.model.web_servers import SiteRoute, WebServerConfig

#: Characters that Apache does not encode in a path (proxy_util.c, ap_proxy_canonenc), besides
#: letters and digits. A "/" stays one; "%2F" stays as it is with `AllowEncodedSlashes NoDecode`.
_PLAIN = frozenset("$-_.+!*'(),;:@&=~/")
_CODE = re.compile(r"%([0-9A-Fa-f]{2})")
#: The flag B of a rule with [P]: it encodes what the pattern's groups have, once more.
_ENCODES = re.compile(r"\[(?:[^\]]{0,100},)?\s{0,9}(?:B|BNP|NE)\b")
_MAX = 4000


def passed_spelling(path: str, line: str) -> str:
    """Return a path, and its query, as Apache asks for it by a line that passes it on; "" if that
    is not known."""
    own, mark, query = path[:_MAX].partition("?")
    if re.search(r"(?i)\bnocanon\b", line):
        return path
    spelled = "".join(map(_spelled, re.findall(r"%[0-9A-Fa-f]{2}|[\s\S]", own)))
    if spelled != own and _ENCODES.search(line):
        return ""
    return f"{spelled}{mark}{query}"


def spelling_of_route(config: WebServerConfig, route: SiteRoute, path: str) -> str:
    """Return a path as the line of a route passes it on; "" if that is not known."""
    file = config.file(route.file)
    lines = file.text.split("\n") if file else []
    return passed_spelling(path, "".join(lines[max(0, route.line - 1) : route.line]))


def respelled_code(path: str, line: str) -> str:
    """Return the first encoded character of a path that Apache writes otherwise; "" if none is."""
    own = path.partition("?")[0]
    if not passed_spelling(own, line):
        return ""
    codes = (code[0] for code in _CODE.finditer(own[:_MAX]))
    return next((code for code in codes if passed_spelling(code, line) != code), "")


def _spelled(character: str) -> str:
    if len(character) == 3:
        if character.lower() == "%2f":
            return character
        number = int(character[1:], 16)
        decoded = chr(number)
        is_plain = number < 128 and (decoded.isalnum() or decoded in _PLAIN)
        return decoded if is_plain else f"%{number:02X}"
    if ord(character) < 128 and (character.isalnum() or character in _PLAIN):
        return character
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))
