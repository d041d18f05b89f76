"""Fields of a request whose name has an underscore, in the words of a person. Servers leave such
fields out: nginx (ngx_http_core_module, underscores_in_headers), Apache for CGI and FastCGI (httpd,
"Environment Variables in Apache"). No I/O."""

import re

from diagnose.model.symptom import Symptom
from diagnose.parsers.lazy_pattern import lazy_pattern

#: Variables of nginx and of CGI, directives, and codes of errors (of WordPress, and RFC 6750
#: section 3.1) are no fields.
_NO_FIELDS = (
    r"(?!HTTP_|REMOTE_|underscores_in|proxy_|fastcgi_|uwsgi_|http_|server_|access_log"
    r"|error_log|client_|(?:woocommerce_)?rest_|jwt_auth_|invalid_|insufficient_|access_denied)"
)
_WORD = r"[A-Za-z][A-Za-z0-9]{0,30}(?:_[A-Za-z0-9]{1,30}){1,5}"
#: A name beside the word: "the header api_key", "`api_key` header", "请求头 api_key".
_BESIDE = lazy_pattern(
    rf"(?:\b[Hh]eaders?|请求头|头部)[\s:：\"'`“‘]{{1,4}}{_NO_FIELDS}({_WORD})(?![\w./(-])"
    rf"|(?<![\w.$/-]){_NO_FIELDS}({_WORD})[\"'`”’]?\s?(?:HTTP |http |request )?"
    r"(?:[Hh]eaders?\b|请求头)",
    re.ASCII,
)
#: Any name of such a kind.
_NAME = lazy_pattern(rf"(?<![\w.$/-]){_NO_FIELDS}({_WORD})(?![\w./(-])", re.ASCII)
#: The statuses with which programs refuse who sends no key.
_REFUSALS = frozenset({400, 401, 403})


def field_lost(symptom: Symptom) -> str:
    """Return the name of the field that a person says does not arrive, or sends where a status
    refuses it; "" if the words tell of none."""
    is_refused = symptom.kind == "status" and symptom.number in _REFUSALS
    if symptom.kind != "request-field" and not is_refused:
        return ""
    if beside := _BESIDE.search(symptom.text):
        return beside[1] or beside[2]
    named = _NAME.search(symptom.shown) or _NAME.search(symptom.text)
    return named[1] if named and not is_refused else ""
