"""Which fields of a response a message says are missing: the words of scanners (OWASP ZAP, Nikto,
Mozilla's observatory, Lighthouse), of Nextcloud, and of people. No I/O."""

import re

from diagnose.parsers.lazy_pattern import lazy_pattern

#: The fields that browsers obey for a site's safety, as scanners ask for them.
SECURITY_FIELDS = (
    "Strict-Transport-Security", "Content-Security-Policy", "X-Frame-Options",
    "X-Content-Type-Options", "Referrer-Policy", "Permissions-Policy",
)  # fmt: skip
_OTHERS = ("X-XSS-Protection", "X-Robots-Tag", "X-Download-Options")
_NAMES = {name.lower(): name for name in (*SECURITY_FIELDS, *_OTHERS)}
#: Other names of the same fields.
_SHORT = {
    "hsts": "Strict-Transport-Security",
    "csp": "Content-Security-Policy",
    "xfo": "X-Frame-Options",
    "anti-clickjacking": "X-Frame-Options",
}

#: A field's name, for a pattern: with hyphens or with blanks, as titles have it.
FIELD = (
    r"(?<![\w-])(?:Strict[- ]Transport[- ]Security|Content[- ]Security[- ]Policy|X-Frame-Options"
    r"|X-Content-Type-Options|Referrer[- ]Policy|Permissions[- ]Policy|X-XSS-Protection"
    r"|X-Robots-Tag|X-Download-Options|HSTS|CSP|anti-clickjacking)(?![\w-])"
)
#: A field of a site's own. What a proxy tells the application is a field of the request.
OWN_FIELD = (
    r"(?<![\w-])(?:Cache-Control|Vary|X-(?!Forwarded|Real-|Original|Request|[CX]SRF|Auth|API|Amz|Hub"
    r"|Accel|Client|User|Token|Access)[A-Za-z][\w-]{1,40})(?![\w-])"
)
_LOST = (
    r"(?:not (?:(?:being |get(?:ting)? )?(?:sent|set|added|applied|returned|inherited|present"
    r"|included|shown)|work|inherit|appear|show)"
    r"|n['’]t (?:being |get(?:ting)? )?(?:work|sent|set|added|applied|inherit|appear|show)"
    r"|ignored|no effect|disappear|gone\b|missing\b|\blost\b|overrid|overwrit|dropped"
    r"|[不没未](?:起作用|有?生效|继承)|失效|无效|丢失|消失|缺失|被覆盖)"
)
_LOSES = r"\b(?:los(?:es?|ing)|drop\w{0,4}|overrid\w{0,3}|ignor\w{1,3}|missing)\b"
_PLACE = (
    r"(?:\badd_header\b|\bresponses?\b|\bserver[- ](?:level|block)|\blocation\b"
    r"|\bcurl -\w{0,6}I|响应头)"
)
_NOT_CORS = r"(?![^\n]{0,80}Access-Control)"
#: Words about lines that send fields, for a pattern. Those of CORS are another matter.
FIELD_LINES = (
    rf"{_PLACE}[^\n]{{0,120}}?{OWN_FIELD}[^\n]{{0,60}}?{_LOST}"
    rf"|{OWN_FIELD}[^\n]{{0,60}}?{_LOST}[^\n]{{0,120}}?{_PLACE}"
    rf"|\badd_header\b{_NOT_CORS}[^.\n]{{0,80}}?{_LOST}"
    rf"|{_LOSES}[^.\n]{{0,40}}?\badd_headers?\b{_NOT_CORS}"
    r"|\bheaders? (?:\w{1,12} ){0,4}?(?:server|http)[- ](?:level|block|context)"
    rf"[^.\n]{{0,60}}?{_LOST}"
    rf"|响应头.{{0,16}}?{_LOST}"
)
_FIELDS = lazy_pattern(f"{FIELD}|{OWN_FIELD}", re.IGNORECASE | re.ASCII)
#: Longest message that is read.
_MAX_TEXT = 4096


def missing_fields(text: str) -> tuple[str, ...]:
    """Return the fields that a message names; those of a site's safety if it names none."""
    return named_fields(text) or SECURITY_FIELDS


def named_fields(text: str) -> tuple[str, ...]:
    """Return the fields of a response that a message names."""
    fields: dict[str, str] = {}
    for match in _FIELDS.finditer(text[:_MAX_TEXT]):
        name = match[0].lower().replace(" ", "-")
        field = _SHORT.get(name) or _NAMES.get(name) or match[0]
        fields.setdefault(field.lower(), field)
    return tuple(fields.values())
