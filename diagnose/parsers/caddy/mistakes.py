"""Names common mistakes behind Caddy's "unrecognized directive" and "module not registered". Source
of the words of Caddy 1: Caddy's documentation, "Upgrade Guide" (from v1 to v2). No I/O."""

import re
from typing import Literal

from diagnose.model.frozen import frozen

#: What the word is: an address without `reverse_proxy`, another site within a block that is not
#: closed, a word of Caddy 1 that has a new name, one that is needed no more, a transport that
#: `reverse_proxy` does not have, a module that this build of Caddy lacks, a word of nginx or
#: Apache, or a site that stands in two blocks.
Kind = Literal["address", "site", "old", "needless", "transport", "plugin", "foreign", "twice"]

_UNKNOWN = re.compile(r"\bunrecognized (?:sub)?directive:? (\S{1,300}?)(?:,|$| at )")
_MODULE = re.compile(r"\bmodule not registered: ([\w.-]{1,200})")
_TRANSPORT = "http.reverse_proxy.transport."
#: Where modules of others lie, by the first words of their names.
_PACKAGES = {"dns.providers.": "github.com/caddy-dns/"}
#: Directives of common modules that no build of Caddy has by itself, and where they come from.
_PLUGINS = {
    "cache": "github.com/caddyserver/cache-handler",
    "cgi": "github.com/aksdb/caddy-cgi/v2",
    "crowdsec": "github.com/hslatman/caddy-crowdsec-bouncer/http",
    "geoip": "github.com/zhangjiayin/caddy-geoip2",
    "layer4": "github.com/mholt/caddy-l4",
    "rate_limit": "github.com/mholt/caddy-ratelimit",
    "replace": "github.com/caddyserver/replace-response",
    "webdav": "github.com/mholt/caddy-webdav",
}
_ADDRESS = re.compile(r"(?:(?:https?|h2c)://)?(?:[\w.-]*|\[[0-9A-Fa-f:]+\]):[0-9]{1,5}/?|unix//\S+")
_SITE = re.compile(r"(?:\*\.)?(?:[\w-]+\.)+[A-Za-z][\w-]*")

#: The words of Caddy 1, with those of Caddy 2; "" if it does that by itself.
_OLD = {
    "browse": "file_server browse",
    "errors": "handle_errors",
    "ext": "try_files",
    "fastcgi": "php_fastcgi",
    "gzip": "encode gzip",
    "header_downstream": "header_down",
    "header_upstream": "header_up",
    "health_check": "health_uri",
    "health_check_interval": "health_interval",
    "health_check_port": "health_port",
    "health_check_timeout": "health_timeout",
    "insecure_skip_verify": "transport http { tls_insecure_skip_verify }",
    "limits": "request_body",
    "policy": "lb_policy",
    "proxy": "reverse_proxy",
    "status": "respond",
    "transparent": "",
    "try_duration": "lb_try_duration",
    "try_interval": "lb_try_interval",
    "websocket": "",
    "without": "handle_path",
}

#: Directives of nginx and Apache, and what Caddy has for them (Caddyfile Directives).
_FOREIGN = {
    "add_header": "header NAME VALUE",
    "alias": "handle_path /PREFIX/* { root * FOLDER; file_server }",
    "auth_basic": "basicauth",
    "client_max_body_size": "request_body { max_size 100MB }",
    "documentroot": "root * FOLDER",
    "error_page": "handle_errors",
    "fastcgi_pass": "php_fastcgi ADDRESS",
    "listen": "the address of the site",
    "location": "handle /PATH/* { … }",
    "proxy_pass": "reverse_proxy HOST:PORT",
    "proxy_read_timeout": "transport http { response_header_timeout 60s }",
    "proxy_set_header": "header_up NAME VALUE",
    "proxypass": "reverse_proxy HOST:PORT",
    "return": "redir URL",
    "rewriterule": "rewrite",
    "server_name": "the address of the site",
    "ssl_certificate": "tls CERTIFICATE KEY",
    "ssl_certificate_key": "tls CERTIFICATE KEY",
}
_TWICE = re.compile(r"\bambiguous site definition: (\S{1,300})")


@frozen
class Mistake:
    """A word that Caddy does not know. `wanted` is what Caddy 2 has in its place, or the package of
    a module; "" if that is nothing, or not known."""

    kind: Kind
    word: str
    wanted: str = ""


def known_mistake(message: str) -> Mistake | None:
    """Return the mistake behind an error of `caddy adapt`; None if that is not known."""
    if module := _MODULE.search(message):
        return _missing_module(module[1].rstrip("."))
    if twice := _TWICE.search(message):
        return Mistake("twice", twice[1].rstrip("."))
    word = unknown_word(message)
    if word in _OLD:
        return Mistake("old" if _OLD[word] else "needless", word, _OLD[word])
    if word.lower() in _FOREIGN:
        return Mistake("foreign", word, _FOREIGN[word.lower()])
    if word in _PLUGINS:
        return Mistake("plugin", word, _PLUGINS[word])
    if _ADDRESS.fullmatch(word):
        return Mistake("address", word, f"reverse_proxy {word.rstrip('/')}")
    if _SITE.fullmatch(word):
        return Mistake("site", word)
    return None


def unknown_word(message: str) -> str:
    """Return the directive that Caddy does not know, by an error of `caddy adapt`; "" if the error
    is another."""
    match = _UNKNOWN.search(message)
    return match[1] if match else ""


def _missing_module(name: str) -> Mistake:
    if name.startswith(_TRANSPORT):
        return Mistake("transport", name.removeprefix(_TRANSPORT))
    for words, folder in _PACKAGES.items():
        if name.startswith(words):
            return Mistake("plugin", name, f"{folder}{name.removeprefix(words)}")
    word = name.rpartition(".")[2]
    return Mistake("plugin", name, _PLUGINS.get(word, ""))
