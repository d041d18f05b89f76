"""The field of a request in which an application expects its token, where the name has an
underscore: by its own settings (Sa-Token, "token-name") or its source. And what people say of a
token that does not arrive. No I/O.
"""

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
