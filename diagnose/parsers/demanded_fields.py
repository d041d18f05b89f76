"""The field of a request that an application demands by a name with an underscore, by the words of
its refusal: "accept_token is missing", "缺少请求头 api_key". No I/O.
"""

import re

from diagnose.parsers.lazy_pattern import lazy_pattern

#: Statuses with which an application refuses a request that lacks a field.
REFUSALS = frozenset({400, 401, 403, 422})
_MAX_TEXT = 2048
#: A name; a key of JSON is none.
_NAME = lazy_pattern(
    r"(?<![\w$.-])[A-Za-z][A-Za-z0-9]{0,30}(?:_[A-Za-z0-9]{1,30}){1,4}(?![\w.(-]|[\"']\s{0,3}:)",
    re.ASCII,
)
_DEMANDS = lazy_pattern(r"(?i)missing|required?|header|not (?:found|present|provided|set)|缺|未|头")
#: Words of a code for an error: "invalid_token", "missing_field".
_OF_CODES = re.compile(r"(?i)missing|invalid|error|require|unauthor|denied|code|fail|not_|client")
#: Characters on each side of a name in which such a word may stand.
_NEAR = 40


def demanded_field(body: str) -> str:
    """Return the name of the field that a refusal demands, "" if it demands none that has an
    underscore."""
    text = body[:_MAX_TEXT]
    for match in _NAME.finditer(text):
        near = text[max(0, match.start() - _NEAR) : match.end() + _NEAR]
        if _OF_CODES.search(match[0]) is None and _DEMANDS.search(near):
            return match[0]
    return ""
