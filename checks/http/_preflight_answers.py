"""How Apache, Caddy and HAProxy tell a preflight from other requests, and answer it in place of the
application: only a preflight has Access-Control-Request-Method (Fetch standard, "CORS-preflight
request"). nginx's lines are in `_cors_edits`."""

import re
from collections.abc import Iterable, Mapping

from diagnose.model.http import Exchange
from diagnose.parsers.request_fields import shown_preflight_fields

ALLOW_ORIGIN = "Access-Control-Allow-Origin"
ALLOW_CREDENTIALS = "Access-Control-Allow-Credentials"
ALLOW_METHODS, ALLOW_HEADERS = "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"
#: What an answer permits where nothing else is written.
METHODS = "GET, POST, PUT, PATCH, DELETE"
USUAL_FIELDS = ("Content-Type", "Authorization")

#: The fields that a preflight asks for (mod_headers, "expr="; Caddy's placeholders; HAProxy's
#: sample fetch for a whole line; ngx_http_core_module, $http_name).
_ASKED_FOR = {
    "apache": "expr=%{req:Access-Control-Request-Headers}",
    "caddy": "{http.request.header.Access-Control-Request-Headers}",
    "haproxy": "%[req.fhdr(Access-Control-Request-Headers)]",
    "nginx": "$http_access_control_request_headers",
}

#: HAProxy's conditions of a preflight.
_HAS_FIELD = "{ req.hdr(Access-Control-Request-Method) -m found }"
IS_PREFLIGHT = f"METH_OPTIONS {_HAS_FIELD}"
#: Apache's (mod_rewrite).
REWRITE_ENGINE = "RewriteEngine On"


def permitted_fields(page: Exchange) -> tuple[str, ...]:
    """Return the header fields that an answer has to permit: the usual ones, and those that the
    preflight names."""
    asked = shown_preflight_fields(page.equivalent)
    return merged_fields([name.strip() for name in asked.split(",")] if asked else ())


def permitted_words(page: Exchange, product: str) -> str:
    """Return the value of Access-Control-Allow-Headers in a server's words: the fields that the
    message names, or those that each preflight asks for, where nobody knows what the page's script
    sends."""
    if shown_preflight_fields(page.equivalent):
        return ", ".join(permitted_fields(page))
    return _ASKED_FOR[product]


def merged_fields(names: Iterable[str]) -> tuple[str, ...]:
    """Return the usual header fields and these, each once."""
    return tuple({name.lower(): name for name in (*USUAL_FIELDS, *names)}.values())


def apache_rules(pattern: str = "^") -> tuple[str, ...]:
    """Return the rules by which Apache answers the preflights of paths that match a pattern, where
    its rewriting is on. The rules of a virtual host come before passwords and the application."""
    return (
        "RewriteCond %{REQUEST_METHOD} =OPTIONS",
        "RewriteCond %{HTTP:Access-Control-Request-Method} .",
        f"RewriteRule {pattern} - [R=204,L]",
    )


def apache_pattern(path: str) -> str:
    """Return the expression for one path."""
    return f"^{re.escape(path)}$".replace(r"\-", "-").replace(r"\~", "~")


def haproxy_answer(fields: Mapping[str, str], path: str = "") -> str:
    """Return the line by which HAProxy answers the preflights of a path, or all."""
    sent = " ".join(f'hdr {name} "{value}"' for name, value in fields.items())
    condition = f"METH_OPTIONS {{ path {path} }} {_HAS_FIELD}" if path else IS_PREFLIGHT
    return f"http-request return status 204 {sent} if {condition}"


def caddy_matcher(path: str = "", indent: str = "", step: str = "\t", name: str = "") -> list[str]:
    """Return the lines of Caddy's matcher of preflights, of one path or all; with another name the
    lines of the matcher of all other requests."""
    return [
        f"{indent}@{name} not {{" if name else f"{indent}@preflight {{",
        f"{indent}{step}method OPTIONS",
        *([f"{indent}{step}path {path}"] if path else []),
        f"{indent}{step}header Access-Control-Request-Method *",
        f"{indent}}}",
    ]
