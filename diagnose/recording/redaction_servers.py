"""Masks the configuration files of web servers other than nginx: the values of headers, users,
passwords and variables. Each line keeps its place and its directive, because fixes are made from
the lines."""

import re

from diagnose.parsers.secrets import HIDDEN

#: A directive whose value may be secret, up to that value: Apache's (mod_headers, mod_env,
#: mod_authnz_ldap, mod_dbd), Caddy's (header, basic_auth, dns), HAProxy's (http-request set-header,
#: userlist, stats auth, setenv). Lines are bounded, and no part can match in two ways.
_VALUE = re.compile(
    r"(?im)^([ \t]{0,200}(?:"
    r"(?:request)?header[ \t]{1,8}(?:always[ \t]{1,8}|onsuccess[ \t]{1,8})?"
    r"(?:set|setifempty|add|append|merge|edit\*?)[ \t]{1,8}[^\s]{1,200}"
    r"|setenv(?:if|ifnocase)?[ \t]{1,8}[^\s]{1,200}"
    r"|(?:authldapbind\w*|dbdparams|sslpassphrasedialog|sslproxymachine\w*)"
    r"|header(?:_up|_down)?[ \t]{1,8}[^\s]{1,200}"
    r"|(?:basic_?auth|dns|acme_eab|key_id|mac_key)"
    r"|http-(?:request|response|after-response)[ \t]{1,8}(?:set|add|replace)-header"
    r"[ \t]{1,8}[^\s]{1,200}"
    r"|stats[ \t]{1,8}auth|user[ \t]{1,8}[^\s]{1,200}[ \t]{1,8}(?:insecure-)?password"
    r"))[ \t]{1,8}([^\n{]{1,8000})$"
)


def without_values(text: str) -> str:
    """Hide the values that a configuration sets or demands. Words of WebSocket upgrades stay."""
    return _VALUE.sub(_hide, text)


def _hide(match: re.Match[str]) -> str:
    kept = re.fullmatch(r"[\"']?(?:upgrade|websocket|https?|%\{\w+\}[es])[\"']?\s*", match[2], re.I)
    return match[0] if kept else f"{match[1]} {HIDDEN}"
