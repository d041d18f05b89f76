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
_FIELDS = lazy_pattern(FIELD, re.IGNORECASE | re.ASCII)
#: Longest message that is read.
_MAX_TEXT = 4096


def missing_fields(text: str) -> tuple[str, ...]:
    """Return the fields that a message names; those of a site's safety if it names none."""
    names = (match[0].lower() for match in _FIELDS.finditer(text[:_MAX_TEXT]))
    fields = (_SHORT.get(name) or _NAMES.get(name.replace(" ", "-"), "") for name in names)
    return tuple(dict.fromkeys(filter(None, fields))) or SECURITY_FIELDS
