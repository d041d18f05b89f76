"""The field of a request in which an application expects its token, where the name has an
underscore: by its own settings (Sa-Token, "token-name") or its source. And what people say of a
token that does not arrive. No I/O.
"""

import re
from itertools import islice

from diagnose.parsers.lazy_pattern import lazy_pattern

#: Most characters of a file and of a message that are looked at.
MAX_TEXT, _MAX_MESSAGE = 256 << 10, 2048
_NAME = r"(?P<name>[A-Za-z][A-Za-z0-9]{0,30}(?:_[A-Za-z0-9]{1,30}){1,4})"
_SETTING = lazy_pattern(
    r"(?im)^[ \t]{0,40}[\w.-]{0,80}?(?:token[-_]?(?:name|header|key)|jwt\.header|header[-_]?name"
    r"|auth[-_]?header|api[-_]?key[-_]?(?:name|header))[ \t]{0,9}[:=][ \t]{0,9}[\"']?"
    + _NAME
    + r"[\"']?[ \t]{0,9}(?:#.{0,200})?\r?$"
)
_SOURCE = lazy_pattern(
    r"(?:\bheaders(?:\.get\([ ]?[\"']|\[[ ]?[\"']|\.)|\bgetHeader\([ ]?[\"']"
    r"|\.(?:header|get_header)\([ ]?[\"'])" + _NAME + r"(?![\w(-])"
)
_TOKEN = lazy_pattern(
    r"(?i)\b(?:jwt|api[-_ ]?key|headers?)\b|token|令牌|请求头|заголов|токен|cabecera|cabeçalho"
    r"|en-t[êe]te|トークン|ヘッダ"
)
_LOST = lazy_pattern(
    r"(?i)(?:读|拿|取|收|获取|接收|读取)不到|没(?:有)?收到|未(?:能)?(?:读取|获取|收到)"
    r"|(?:n[’']t|\bnot|\bnever) (?:\w{1,10} )?(?:gets?|receiv\w{1,3}|reads?|sees?|seen|finds?"
    r"|arriv\w{1,3}|reach\w{0,3})\b"
    r"|kommt .{0,40}?nicht an|nicht (?:empfangen|angekommen)"
    r"|(?:bekommt|erhält|sieht) .{0,30}?nicht"
    r"|\bn(?:e |[’'])(?:l[ae’'] ?|les )?(?:reçoit|voit|lit|trouve|récupère|arrive) pas"
    r"|\bno (?:l[oae]s? )?(?:recibe|llega|lee|ve|encuentra)\b"
    r"|\bnão (?:o |a )?(?:recebe|chega|lê|encontra)"
    r"|не (?:получает|видит|доходит|приходит|читает)|受け取れ|届か|読め|読み取れ|取得でき"
)
#: What a field is called in which a program expects who asks.
_CREDENTIAL = lazy_pattern(r"(?i)token|key|auth|secret|sign|session|jwt|ticket|passw")
#: The scheme of a security field in a description of an interface (OpenAPI Specification, "Security
#: Scheme Object"), its parts in any order.
_SCHEME = lazy_pattern(r"\{[^{}]{0,400}\"apiKey\"[^{}]{0,400}\}")
_IN_HEADER = lazy_pattern(r"\"in\"\s{0,9}:\s{0,9}\"header\"")
_OF_SCHEME = lazy_pattern(r"\"name\"\s{0,9}:\s{0,9}\"" + _NAME + r"\"")
#: Longest answer of an interface to somebody whom it does not know, in characters.
_MAX_REFUSAL = 2000
#: How a script in PHP reads the field Authorization.
_AUTHORIZATION = lazy_pattern(
    r"\$_SERVER\[[\"'](?:REDIRECT_)?HTTP_AUTHORIZATION[\"']\]"
    r"|(?:getallheaders|apache_request_headers)\(\)[\s\S]{0,2000}?[\"']authorization[\"']"
    r"|->bearerToken\(\)",
    re.IGNORECASE,
)


def authorization_line(text: str) -> int:
    """Return the line of a script in PHP that reads the field Authorization, 0 if none does."""
    match = _AUTHORIZATION.search(text[:MAX_TEXT])
    return text.count("\n", 0, match.start()) + 1 if match else 0


def is_credential(name: str) -> bool:
    """Return whether a field of this name tells who asks."""
    return _CREDENTIAL.search(name) is not None


def refuses_unknown(status: int | None, body: str) -> bool:
    """Return whether the answer is that of an interface to somebody whom it does not know: short,
    and without a form to sign in."""
    is_refused = status in {401, 403} and 0 < len(body) <= _MAX_REFUSAL
    return is_refused and "<form" not in body and "<center>" not in body


def described_field(text: str) -> str:
    """Return the field with an underscore in which a description of an interface says that the
    token is expected; "" if it has none."""
    for scheme in islice(_SCHEME.finditer(text[:MAX_TEXT]), 20):
        name = _OF_SCHEME.search(scheme[0]) if _IN_HEADER.search(scheme[0]) else None
        if name is not None:
            return name["name"]
    return ""


def tells_of_lost_token(text: str) -> bool:
    """Return whether a message says that a token or a field of the request does not arrive."""
    message = text[:_MAX_MESSAGE]
    return _TOKEN.search(message) is not None and _LOST.search(message) is not None


def expected_field(text: str) -> tuple[str, int]:
    """Return the name with an underscore in which a file expects the token, and its line; "" and 0
    if there is none, or more than one."""
    matches = [*_SETTING.finditer(text[:MAX_TEXT])] or [*_SOURCE.finditer(text[:MAX_TEXT])]
    if len({match["name"].lower() for match in matches}) != 1:
        return "", 0
    return matches[0]["name"], text.count("\n", 0, matches[0].start("name")) + 1
