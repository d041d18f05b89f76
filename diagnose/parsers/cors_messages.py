"""Read which request a browser's message about CORS is about. No I/O.

Chromium: "Access to fetch at 'URL' from origin 'ORIGIN' has been blocked by CORS policy: …". Of a
preflight (Fetch standard, "CORS-preflight request") it also says what was not allowed. Firefox does
not name the origin: "Cross-Origin Request Blocked: … the remote resource at URL. (Reason: …)", nor
does a line such as "OPTIONS URL 405".
"""

import re
from dataclasses import replace

from diagnose.model import Symptom
from diagnose.parsers.request_fields import UNKNOWN_ORIGIN, RequestFields

#: What a browser names in a preflight.
METHOD_FIELD = "Access-Control-Request-Method"
HEADERS_FIELD = "Access-Control-Request-Headers"

_ORIGIN = re.compile(r"from origin ['\"‘“]?(https?://[\w.:\[\]-]{1,260})(?![\w.:/-])")
_WITHOUT_ORIGIN = re.compile(r"Cross-Origin Request Blocked|已拦截跨源请求")
_PREFLIGHT = re.compile(r"preflight|预检", re.IGNORECASE)
#: A line of a browser's console or of an access log, and what people write of it.
_OPTIONS = re.compile(r"(?<![\w-])OPTIONS(?![\w-])|预检")
_METHOD = re.compile(r"Method ([A-Z]{3,10}) is not allowed by Access-Control-Allow-Methods")
_FIELD = re.compile(
    r"(?:header (?:field )?|missing token )[‘'“]?([\w-]{1,60})[’'”]? "
    r"(?:is not allowed (?:by|according)|in CORS header)"
)


def with_message(fields: RequestFields, symptom: Symptom | None, text: str) -> RequestFields:
    """Return the request that a message is about; what the user has given stays as it is."""
    match = _ORIGIN.search(text)
    if symptom is None or symptom.kind not in {"cors", "status"}:
        return fields
    is_blocked = _WITHOUT_ORIGIN.search(text) is not None
    if match is None and not is_blocked:
        is_plain = fields == RequestFields() and _OPTIONS.search(text)
        return RequestFields(origin=UNKNOWN_ORIGIN, method="OPTIONS") if is_plain else fields
    if symptom.kind != "cors":
        return fields
    origin = match[1] if match else UNKNOWN_ORIGIN
    request_fields = fields if fields.origin else replace(fields, origin=origin)
    if fields.method != "GET" or not _PREFLIGHT.search(text):
        return request_fields
    method, field = _METHOD.search(text), _FIELD.search(text)
    headers = dict(fields.headers)
    if method:
        headers.setdefault(METHOD_FIELD, method[1])
    if field:
        headers.setdefault(HEADERS_FIELD, field[1].lower())
    return replace(request_fields, method="OPTIONS", headers=tuple(headers.items()))
