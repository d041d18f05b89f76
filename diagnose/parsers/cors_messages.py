"""Read which request a browser's message about CORS is about. No I/O.

Chromium: "Access to fetch at 'URL' from origin 'ORIGIN' has been blocked by CORS policy: …". Of a
preflight (Fetch standard, "CORS-preflight request") it also says what was not allowed. Until 2017
it named the resource's origin first, and the page's at the end: "Font from origin 'RESOURCE' has
been blocked from loading by Cross-Origin Resource Sharing policy: … Origin 'PAGE' is therefore not
allowed access." WebKit: "Origin PAGE is not allowed by Access-Control-Allow-Origin." Firefox does
not name the page: "Cross-Origin Request Blocked: … the remote resource at URL. (Reason: …)", and
what "does not match" there is the value that was sent. Nor does a line such as "OPTIONS URL 405".
"""

import re
from dataclasses import replace

from diagnose.model import Symptom
from diagnose.parsers.asking_pages import asking_page
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.localized_cors import CHANGING_METHODS, names_methods, quoted_field
from diagnose.parsers.request_fields import UNKNOWN_ORIGIN, RequestFields

_ACCESS = "access-control-"
#: What a browser names in a preflight.
METHOD_FIELD = "Access-Control-Request-Method"
HEADERS_FIELD = "Access-Control-Request-Headers"

_URL = r"(https?://[\w.:\[\]-]{1,260}?)"
_END = r"(?![\w:-]|\.\w)"
#: What names the page wherever it stands: older Chromium, and WebKit.
_PAGE = re.compile(
    rf"\bOrigin ['\"‘“]?{_URL}['\"’”]? is (?:therefore )?not allowed"
    r" (?:access|by Access-Control-Allow)"
)
#: Chromium's line today; its older one has the resource's origin behind these words.
_ORIGIN = re.compile(rf"from origin ['\"‘“]?{_URL}(?![\w.:/-])")
#: The older line of a file of which it names the origin alone.
_UNNAMED_FILE = re.compile(
    rf"\b[A-Z]\w{{2,15}} from origin ['\"‘“]?{_URL}['\"’”]? has been blocked from loading"
)
#: How people name the site whose page asks. What a refused answer allows ("has a value 'URL'") is
#: another one; a value that comes twice is that of the page.
_TOLD_ORIGIN = re.compile(
    rf"(?:\bfrom (?:(?:my|our|the|a) )?(?:[\w-]{{1,20}} ){{0,2}}(?:at |on )?['\"‘“]?"
    rf"|\bOrigin:? {{0,2}}['\"‘“]?"
    rf"|contains multiple values ['\"‘“](?:\*, )?){_URL}{_END}",
    re.IGNORECASE,
)
#: What a message says of a field that comes twice.
TWICE = lazy_pattern(
    r"multiple values|\btwice\b|more than one|duplicate|重复|多个值|两次", re.IGNORECASE
)
#: Firefox begins so in each language, and Safari ends so.
_WITHOUT_ORIGIN = lazy_pattern(
    r"Cross-Origin Request Blocked|已拦截跨源请求|已封鎖跨來源請求|Cross-Origin\) Anfrage blockiert"
    r"|Blocage d.une requête multi-?origines?"
    r"|Solicitud (?:desde otro origen|de origen cruzado) bloqueada"
    r"|Richiesta multiorigine|Requisição cross-origin bloqueada|Pedido de origem cruzada"
    r"|Запрос из постороннего источника заблокирован"
    r"|Zablokowano żądanie do zasobu innego pochodzenia"
    r"|クロスオリジン要求をブロック|교차 (?:원본|출처) 요청 차단|due to access control checks"
)
#: The end of Chromium's line, which people copy without its beginning.
#: What a script gets that may not read an answer, or got none: browsers do not say which (Fetch
#: standard, "network error").
_SCRIPT_FAILED = lazy_pattern(
    r"Failed to fetch|TypeError: Load failed|NetworkError when attempting|net::ERR_FAILED"
    r"|AxiosError|\bNetwork Error\b",
    re.IGNORECASE,
)
_CUT = re.compile(r"Response to preflight request doesn['’]t pass", re.IGNORECASE)
_PREFLIGHT = re.compile(
    r"preflight|预检|預檢|verificación CORS|プリフライト|предварительн\w{1,8} проверк|사전 요청",
    re.IGNORECASE,
)
#: How people tell that the page sends a login in Authorization: a browser asks first for that.
_LOGIN = lazy_pattern(
    r"\b(?:basic[ -]auth\w*|bearer|jwt)\b"
    r"|\b(?:with|con|com|avec|mit|с) (?:the |an? |el |le |o )?authorization\b"
    r"|\b(?:user(?:name)?|login|usuario|usuário|utilisateur|identifiant|benutzer(?:name)?|utente"
    r"|логин\w{0,2})\b ?(?:and|y|e|et|und|и|[/&+]) ?(?:(?:the |le |la |una? |il )?"
    r"(?:password|passwort|kennwort|contraseña|clave|senha|mot de passe|password|парол\w{1,3})\b)"
    r"|(?:用户名?|账号|帐号)[和与及、/]?密码|带(?:上|了)? ?token|ユーザー名とパスワード",
    re.IGNORECASE,
)
#: A line of a browser's console or of an access log, and what people write of it.
_OPTIONS = re.compile(r"(?<![\w-])OPTIONS(?![\w-])|(?i:\bpre-?flights?\b)|预检")
_METHOD = re.compile(r"Method ([A-Z]{3,10}) is not allowed by Access-Control-Allow-Methods")
_FIELD = re.compile(
    r"(?:header (?:field )?|missing token )[‘'“]?([\w-]{1,60})[’'”]? "
    r"(?:is not allowed (?:by|according)|in CORS header)"
)
#: How people name the field that is refused, in several languages.
_TOLD_FIELD = re.compile(
    r"(?:\bheaders?|请求头|响应头|头部|字段|заголов\w{1,4}|cabecera|encabezado|en-t[êe]te|cabeçalho|ヘッダー?)"
    r"(?: field)?[\s:：‘'“\"「]{0,3}(x-[a-z0-9-]{1,50}|authorization|content-type)(?![\w-])",
    re.IGNORECASE,
)


def origin_of(text: str) -> str:
    """Return the origin of the page that a message about CORS says asked; "" if it names none."""
    match = _PAGE.search(text)
    if match is None and not _UNNAMED_FILE.search(text):
        match = _ORIGIN.search(text)
        if match is None and (page := asking_page(text)):
            return page[1]
        match = match or _TOLD_ORIGIN.search(text)
    return match[1].rstrip(".:").lower() if match else ""


def tells_of_failed_script(text: str) -> bool:
    """Return whether a script's request failed, and a browser does not say why."""
    return _SCRIPT_FAILED.search(text) is not None


def tells_of_preflight(text: str) -> bool:
    """Return whether a message is about the request that browsers send before another."""
    return _PREFLIGHT.search(text) is not None


#: A field of the answer that a script of another site does not get: Chromium, and data providers of
#: react-admin.
_UNEXPOSED = lazy_pattern(
    r"(?i)unsafe header [\"“']?([\w-]{2,60})[\"”']?"
    r"|declare ([\w-]{2,60}) in the Access-Control-Expose-Headers"
    r"|\b(\w{1,20}-[\w-]{1,40}) (?:response )?header .{0,160}Access-Control-Expose-Headers"
    r"|Access-Control-Expose-Headers\W{1,4}(?:lacks|misses|without) ([\w-]{2,60})"
)


def unexposed_field(text: str) -> str:
    """Return the field of the answer that a script of another site cannot read, by a message; "" if
    it is about none."""
    match = _UNEXPOSED.search(text[:4000])
    name = next(filter(None, match.groups()), "") if match else ""
    return "" if name.lower().startswith(_ACCESS) else name


def leaves_method_open(text: str) -> bool:
    """Return whether a message says that the list of methods lacks one, and not which."""
    return names_methods(text) and not _METHOD.search(text)


def refused_name(text: str) -> tuple[str, str]:
    """Return which list a message says lacks a name, and the name: ("Access-Control-Allow-Headers",
    "content-type"); two "" if it says no such thing."""
    if match := _METHOD.search(text):
        return "Access-Control-Allow-Methods", match[1]
    match = _FIELD.search(text) if "Access-Control-Allow-Headers" in text else None
    return ("Access-Control-Allow-Headers", match[1]) if match else ("", "")


def with_message(
    fields: RequestFields, symptom: Symptom | None, text: str, path: str = "/"
) -> RequestFields:
    """Return the request that a message is about; what the user has given stays as it is. `path` is
    the target's: a message that is cut is about that address, unless it is the site's first
    page."""
    if symptom is None or symptom.kind not in {"cors", "status", "not-connected"}:
        return fields
    if _UNNAMED_FILE.search(text):
        return fields  # Which file it was is not known: the site's other files may be for nobody.
    # What people tell by the way counts where they speak of CORS alone.
    is_told = symptom.kind == "cors" or _PAGE.search(text) or _ORIGIN.search(text) is not None
    if symptom.kind == "not-connected":
        is_told = _SCRIPT_FAILED.search(text) is not None
        named = origin_of(text) if is_told else ""
        return replace(fields, origin=named) if named and not fields.origin else fields
    origin = origin_of(text) if is_told else ""
    is_cut = path.partition("?")[0] != "/" and _CUT.search(text) is not None
    is_blocked = is_cut or _WITHOUT_ORIGIN.search(text) is not None
    if not origin and not is_blocked:
        is_cut = _CUT.search(text) is not None
        is_plain = fields == RequestFields() and not is_cut and _OPTIONS.search(text)
        field_match = _TOLD_FIELD.search(text)
        asked = ((HEADERS_FIELD, field_match[1].lower()),) if field_match else ()
        plain = RequestFields(origin=UNKNOWN_ORIGIN, method="OPTIONS", headers=asked)
        return plain if is_plain else fields
    if symptom.kind != "cors":
        return fields
    request_fields = fields if fields.origin else replace(fields, origin=origin or UNKNOWN_ORIGIN)
    is_login = not fields.headers and _LOGIN.search(text) is not None
    method, field = _METHOD.search(text), _FIELD.search(text)
    named = field[1].lower() if field else quoted_field(text) if is_blocked else ""
    is_listed = named or (is_blocked and names_methods(text))
    if fields.method != "GET" or not (is_login or is_listed or _PREFLIGHT.search(text)):
        return request_fields
    headers = dict(fields.headers)
    if method or (is_blocked and names_methods(text)):
        headers.setdefault(METHOD_FIELD, method[1] if method else CHANGING_METHODS[0])
    if named:
        headers.setdefault(HEADERS_FIELD, named)
    if is_login:
        headers.setdefault(METHOD_FIELD, "GET")
        headers.setdefault(HEADERS_FIELD, "authorization")
    return replace(request_fields, method="OPTIONS", headers=tuple(headers.items()))
