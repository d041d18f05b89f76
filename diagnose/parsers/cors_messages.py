"""Read which request a browser's message about CORS is about. No I/O.

Chromium: "Access to fetch at 'URL' from origin 'ORIGIN' has been blocked by CORS policy: …". Of a
preflight (Fetch standard, "CORS-preflight request") it also says what was not allowed. A line such
as "OPTIONS URL 405" names no origin.
"""

import re
from dataclasses import replace

from diagnose.model import Symptom
from diagnose.parsers.request_fields import ANOTHER_ORIGIN, RequestFields

#: What a browser names in a preflight.
METHOD_FIELD = "Access-Control-Request-Method"
HEADERS_FIELD = "Access-Control-Request-Headers"

_ORIGIN = re.compile(r"from origin ['\"‘“]?(https?://[\w.:\[\]-]{1,260})(?![\w.:/-])")
_PREFLIGHT = re.compile(r"preflight", re.IGNORECASE)
#: A line of a browser's console or of an access log, and what people write of it.
_OPTIONS = re.compile(r"(?<![\w-])OPTIONS(?![\w-])|预检")
_METHOD = re.compile(r"Method ([A-Z]{3,10}) is not allowed by Access-Control-Allow-Methods")
_FIELD = re.compile(r"header (?:field )?[‘'“]?([\w-]{1,60})[’'”]? is not allowed (?:by|according)")


def with_message(fields: RequestFields, symptom: Symptom | None, text: str) -> RequestFields:
    """Return the request that a message is about; what the user has given stays as it is."""
    match = _ORIGIN.search(text)
    if symptom is None or symptom.kind not in {"cors", "status"}:
        return fields
    if match is None:
        is_plain = fields == RequestFields() and _OPTIONS.search(text)
        return RequestFields(origin=ANOTHER_ORIGIN, method="OPTIONS") if is_plain else fields
    if symptom.kind != "cors":
        return fields
    request_fields = fields if fields.origin else replace(fields, origin=match[1])
    if fields.method != "GET" or not _PREFLIGHT.search(text):
        return request_fields
    method, field = _METHOD.search(text), _FIELD.search(text)
    headers = dict(fields.headers)
    if method:
        headers.setdefault(METHOD_FIELD, method[1])
    if field:
        headers.setdefault(HEADERS_FIELD, field[1].lower())
    return replace(request_fields, method="OPTIONS", headers=tuple(headers.items()))
