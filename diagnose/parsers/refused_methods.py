"""Read which method a message without a status says is refused: "PUT requests are blocked",
"DELETE 请求被拦截". No I/O."""

from diagnose.parsers.lazy_pattern import lazy_pattern

#: Methods as people write them. In small letters they are words of a sentence.
_METHOD = r"(?<![\w/-])(?P<{name}>POST|PUT|PATCH|DELETE)(?![\w/])"
#: What is said of them, in the languages that people type.
_REFUSED = (
    r"(?i:\bblock(?:ed|s|ing)?\b|\brefus(?:ed|es)\b|\breject(?:ed|s)\b|\bden(?:ied|ies)\b|\bforbidden\b"
    r"|\b(?:not|never) (?:be )?(?:allowed|permitted|accepted)\b|\bdisallowed\b"
    r"|\b(?:blockiert|abgelehnt|verweigert|verboten|nicht erlaubt|nicht zugelassen)\b"
    r"|\b(?:bloquead|rechazad|denegad|prohibid|recusad|negad|proibid)[oa]s?\b"
    r"|\b(?:bloqu|refus|interdit|rejet)\w{0,4}\b|заблокир|отклон|запрещ|блокиру"
    r"|被?(?:拦截|拒绝|禁止|屏蔽)|不允许|不被允许|拒否|ブロック|許可され)"
)
_PATTERN = lazy_pattern(
    f"{_METHOD.format(name='before')}.{{0,60}}?{_REFUSED}"
    f"|{_REFUSED}.{{0,24}}?{_METHOD.format(name='behind')}"
)


def refused_method(text: str) -> str:
    """Return the method that a message says is refused; "" if it says no such thing."""
    match = _PATTERN.search(text[:2000])
    return (match["before"] or match["behind"]) if match else ""
