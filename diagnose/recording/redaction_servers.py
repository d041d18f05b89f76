"""Masks the configuration files of web servers other than nginx: the values of headers, users,
passwords and variables. Each line keeps its place and its directive, because fixes are made from
the lines."""

import re

from diagnose.parsers.secrets import HIDDEN
from diagnose.recording.redaction_http import kept_field

#: A directive whose value may be secret, up to that value: Apache's (mod_headers, mod_env, Define,
#: mod_auth_basic, mod_authnz_ldap, mod_dbd, mod_session_crypto), Caddy's (header, request_header,
#: dns), HAProxy's (http-request set-header, tcp-check send, userlist, stats auth, setenv). Lines
#: are bounded, and no part can match in two ways.
_VALUE = re.compile(
    r"(?im)^([ \t]{0,200}(?:"
    r"(?:request)?header[ \t]{1,8}(?:always[ \t]{1,8}|onsuccess[ \t]{1,8})?"
    r"(?:set|setifempty|add|append|merge|edit\*?)[ \t]{1,8}[^\s]{1,200}"
    r"|setenv(?:if|ifnocase)?[ \t]{1,8}[^\s]{1,200}"
    r"|(?:authldapbind\w*|dbdparams|sslpassphrasedialog|sslproxymachine\w*|authbasicfake)"
    r"|(?:sessioncryptopassphrase|tcp-check[ \t]{1,8}send\S{0,20}|define[ \t]{1,8}[^\s]{1,200})"
    r"|(?:request_)?header(?:_up|_down)?[ \t]{1,8}[^\s]{1,200}"
    r"|(?:basic_?auth|dns|acme_eab|key_id|mac_key)"
    r"|http-(?:request|response|after-response)[ \t]{1,8}(?:set|add|replace)-header"
    r"[ \t]{1,8}[^\s]{1,200}"
    r"|stats[ \t]{1,8}auth|user[ \t]{1,8}[^\s]{1,200}[ \t]{1,8}(?:insecure-)?password"
    r"))[ \t]{1,8}([^\n{]{1,8000})$"
)

#: A field of HAProxy's health check, up to its value: "http-check send … hdr NAME VALUE", and the
#: older "option httpchk … \\r\\nNAME:\\ VALUE". A Host is needed by checks.
_CHECK_FIELD = re.compile(
    r"(?i)((?<=[ \t])hdr[ \t]{1,8}(?!host[ \t])[^\s]{1,200}[ \t]{1,8})"
    r"(?:\"[^\"\n]{0,2000}\"|[^\s]{1,2000})"
)
_OLD_CHECK_FIELD = re.compile(r"(?i)(\\r\\n(?!host:)[\w-]{1,100}:)(?:\\[^r\n]|[^\\\s\"]){1,2000}")

#: A password as crypt(5) writes it, and the same in base64, as older Caddyfiles have it.
_PASSWORD_HASH = re.compile(
    r"\$(?:2[abxy]?|argon2\w{1,2}|[156y])\$[^\s\"']{4,300}|\bJDJ[a-z][A-Za-z0-9+/=]{12,300}"
)

_REMOVAL = re.compile(r"-[A-Za-z][A-Za-z0-9-]{0,60}[ \t]*")
#: Fields that tell browsers what a page may do, with their values: visitors get them.
_PUBLIC_FIELDS = frozenset(
    {
        "access-control-allow-origin", "content-security-policy", "cross-origin-embedder-policy",
        "cross-origin-opener-policy", "cross-origin-resource-policy", "feature-policy",
        "permissions-policy", "referrer-policy", "service-worker-allowed", "x-frame-options",
    }
)  # fmt: skip
_FIELD_VALUE = re.compile(
    r"([\"'`]?)([^\"`\\%]{1,4000})\1((?:[ \t]{1,8}(?:env=|expr=|if|unless).*)?)"
)

_MATCHER_LAST = re.compile(r"[ \t][/*@][^\s]{0,200}$")


def without_values(text: str) -> str:
    """Hide the values that a configuration sets or demands. Words of WebSocket upgrades stay."""
    text = _PASSWORD_HASH.sub(HIDDEN, _VALUE.sub(_hide, text))
    return _OLD_CHECK_FIELD.sub(rf"\1{HIDDEN}", _CHECK_FIELD.sub(rf"\1{HIDDEN}", text))


def _hide(match: re.Match[str]) -> str:
    kept_word = re.fullmatch(
        r"[\"']?(?:upgrade|websocket|https?|%\{\w+\}[es])[\"']?\s*", match[2], re.I
    )
    name = match[1].split()[-1].strip("\"':+>?").lower()
    value = _FIELD_VALUE.fullmatch(match[2].rstrip()) if name in _PUBLIC_FIELDS else None
    if value is not None:
        kept = kept_field(name, value[2], lambda text: text)
        return f"{match[1]} {value[1]}{kept}{value[1]}{value[3]}"
    # Caddy's "header /path -NAME": a matcher comes first, and there is no value.
    is_removal = _REMOVAL.fullmatch(match[2]) and _MATCHER_LAST.search(match[1])
    return match[0] if kept_word or is_removal else f"{match[1]} {HIDDEN}"
