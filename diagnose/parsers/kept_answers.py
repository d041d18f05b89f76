"""Whether an answer came out of a cache in front, by its header fields. No I/O.

Cloudflare: https://developers.cloudflare.com/cache/concepts/cache-responses/; CloudFront, Fastly
and others write X-Cache; Varnish writes the number of the request that filled the cache as the
second one of X-Varnish; RFC 9211 (Cache-Status).
"""

import re

from diagnose.model.http import header
from diagnose.model.marks import Headers
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.sanitize import clean

_FIELDS = (
    "CF-Cache-Status", "X-Cache", "X-Cache-Status", "X-Proxy-Cache", "X-Nginx-Cache",
    "X-FastCGI-Cache", "X-LiteSpeed-Cache", "Cache-Status", "X-Drupal-Cache", "X-Cache-Lookup",
)  # fmt: skip
_KEPT = lazy_pattern(r"(?i)\b(?:TCP_\w{0,20}HIT|HIT|STALE|UPDATING|REVALIDATED)\b")


def kept_sign(headers: Headers) -> str:
    """Return the field by which a cache says that it had the answer, with its age in seconds if
    that is told ("CF-Cache-Status: HIT, Age: 5231"); "" if none says so."""
    signs = [
        f"{name}: {clean(value, 60)}"
        for name in _FIELDS
        if (value := (header(headers, name) or "")[:300]) and _KEPT.search(value)
    ]
    varnish = (header(headers, "X-Varnish") or "")[:100]
    if re.fullmatch(r"[0-9]{1,20} [0-9]{1,20}", varnish):
        signs.append(f"X-Varnish: {varnish}")
    age = (header(headers, "Age") or "").strip()
    if signs and re.fullmatch(r"[0-9]{1,9}", age):
        return f"{signs[0]}, Age: {age}"
    return signs[0] if signs else ""
