"""What nginx would refuse in a file after an edit, before the edit is shown. No I/O.

Only what the edit brings in counts: what nginx refuses already is the finding's own matter.
"""

import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Mapping

from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx.config import expand, includes, parse, walk
from diagnose.parsers.nginx.include_places import include_places
from diagnose.parsers.nginx.locations import location_pattern
from diagnose.parsers.nginx.site_files import glob_matches

#: Directives that edits write, of which a block may have one: of a second nginx says "is duplicate"
#: (ngx_conf_set_flag_slot and its like).
_SINGLE = frozenset({
    "absolute_redirect", "alias", "auth_basic", "auth_request", "autoindex",
    "chunked_transfer_encoding", "client_body_buffer_size", "client_body_timeout",
    "client_header_buffer_size", "client_header_timeout", "client_max_body_size",
    "default_type", "fastcgi_buffer_size", "fastcgi_buffering", "fastcgi_buffers",
    "fastcgi_busy_buffers_size", "fastcgi_connect_timeout", "fastcgi_index",
    "fastcgi_intercept_errors", "fastcgi_pass", "fastcgi_read_timeout",
    "fastcgi_request_buffering", "fastcgi_send_timeout", "grpc_pass", "grpc_read_timeout",
    "grpc_send_timeout", "gzip", "gzip_vary", "http2", "ignore_invalid_headers",
    "keepalive_timeout", "large_client_header_buffers", "merge_slashes", "port_in_redirect",
    "proxy_buffer_size", "proxy_buffering", "proxy_buffers", "proxy_busy_buffers_size",
    "proxy_cache", "proxy_cache_key", "proxy_connect_timeout", "proxy_http_version",
    "proxy_ignore_client_abort", "proxy_intercept_errors", "proxy_method", "proxy_pass",
    "proxy_pass_request_body", "proxy_pass_request_headers", "proxy_read_timeout",
    "proxy_request_buffering", "proxy_send_timeout", "proxy_ssl_name", "proxy_ssl_server_name",
    "proxy_ssl_verify", "real_ip_header", "real_ip_recursive", "resolver", "resolver_timeout",
    "root", "satisfy", "send_timeout",
    "server_name_in_redirect", "ssi", "ssl_ciphers", "ssl_prefer_server_ciphers",
    "ssl_reject_handshake", "ssl_session_cache", "ssl_session_timeout", "ssl_verify_client",
    "sub_filter_once", "try_files", "underscores_in_headers", "uwsgi_buffer_size",
    "uwsgi_buffering", "uwsgi_buffers", "uwsgi_pass", "uwsgi_read_timeout",
    "worker_connections", "worker_processes", "worker_rlimit_nofile",
})  # fmt: skip

#: Directives of which two with the same first word are refused, or are sent twice.
_SINGLE_BY_FIRST_WORD = frozenset({"listen", "upstream", "proxy_set_header"})

#: An address with a path, which stands behind a second colon where a socket's own path comes first.
_WITH_PATH = re.compile(r"https?://(?:(?!unix:)[^/]+|unix:[^:]+:)/")

#: The names of the blocks around a directive, as crossplane counts them.
_Context = tuple[str, ...]


def patch_faults(config: NginxConfig, texts: Mapping[str, str]) -> tuple[str, ...]:
    """Return what nginx would refuse if its files (by path) had these texts, and does not refuse
    now, in a few words each; () if nothing."""
    before = {file.path: file.text for file in config.files if file.path in texts}
    faults: Counter[str] = Counter()
    for path in before:
        faults += _faults(config, path, texts) - _faults(config, path, before)
    return tuple(sorted(faults))


def _faults(config: NginxConfig, path: str, texts: Mapping[str, str]) -> Counter[str]:
    own = parse(texts[path], path)
    faults = Counter(_unended(own, texts[path]))
    tree = expanded_file(config, path, texts)
    inner_files = {path, *(each.file for each in walk(tree))}
    elsewhere = inner_files | texts.keys()
    for around in include_places(config, path):
        context: _Context = ()
        for block in around:
            context = _inner_context(block.name, context)
        location = next((each for each in reversed(around) if each.name == "location"), None)
        whole = (around[-1].block or ()) if around else config.main
        siblings = tuple(each for each in whole if each.file not in elsewhere)
        faults += Counter(_refused(context, location, tree, siblings))
    return faults


def _unended(own: tuple[Directive, ...], text: str) -> Iterator[str]:
    for directive in walk(own):
        if directive.block is None and directive.end != ";":
            yield f"{directive.name} is not terminated"
        elif directive.block is not None and text[directive.stop - 1 : directive.stop] != "}":
            yield f"{directive.name} is not closed"


def expanded_file(
    config: NginxConfig, path: str, texts: Mapping[str, str]
) -> tuple[Directive, ...]:
    """Return a file's directives with those of the files that it includes."""
    folder = posixpath.dirname(config.path)
    trees: dict[str, tuple[Directive, ...]] = {}
    matches: dict[str, tuple[str, ...]] = {}
    pending = [path]
    while pending:
        name = pending.pop()
        file = config.file(name)
        if name in trees or file is None:
            continue
        trees[name] = parse(texts.get(name, file.text), name)
        for pattern in includes(trees[name], folder):
            if pattern not in matches:
                normal = posixpath.normpath(pattern)
                read = (each.path for each in config.files if glob_matches(each.path, normal))
                matches[pattern] = tuple(read)
            pending += matches[pattern]
    # `expand` begins with the main file, in whose folder relative includes lie.
    return expand(config.path, {**trees, config.path: trees.get(path, ())}, matches)


def _inner_context(name: str, context: _Context) -> _Context:
    if name == "location" and context[:1] == ("http",):
        return ("http", "location")
    return (*context, name)


def _refused(
    context: _Context,
    location: Directive | None,
    block: tuple[Directive, ...],
    siblings: tuple[Directive, ...] = (),
) -> Iterator[str]:
    """Yield what nginx refuses in a block and those in it. Of the siblings, which stand in the same
    block in another file, only the names count."""
    from crossplane.analyzer import CONTEXTS, DIRECTIVES

    if context not in CONTEXTS:
        return
    masks: Mapping[str, list[int]] = DIRECTIVES
    for each in block:
        allowed = [mask for mask in masks.get(each.name, ()) if mask & CONTEXTS[context]]
        if each.name in masks and not allowed:
            yield f"{each.name} is not allowed in {context[-1] if context else 'main'}"
        elif allowed and not any(_takes(mask, len(each.args)) for mask in allowed):
            yield f"{each.name} has {len(each.args)} arguments"
        if each.name == "proxy_pass" and _has_refused_uri(context, location, each):
            yield "proxy_pass has a path"
        if each.block is not None:
            inner = each if each.name == "location" else location
            yield from _refused(_inner_context(each.name, context), inner, each.block)
    written = Counter(filter(None, map(_single_words, (*block, *siblings))))
    for words, count in written.items():
        if count > 1:
            yield f"{' '.join(words)} is duplicate"


def _takes(mask: int, count: int) -> bool:
    """Return whether a directive takes that many arguments (ngx_conf_handler)."""
    from crossplane import analyzer

    return bool(
        (count <= 7 and mask >> count & 1)
        or (mask & analyzer.NGX_CONF_FLAG and count == 1)
        or mask & analyzer.NGX_CONF_ANY
        or (mask & analyzer.NGX_CONF_1MORE and count >= 1)
        or (mask & analyzer.NGX_CONF_2MORE and count >= 2)
    )


def _single_words(directive: Directive) -> tuple[str, ...]:
    """Return the words by which nginx takes two directives for the same, () if it never does."""
    name, args = directive.name, directive.args
    if name in _SINGLE:
        return (name,)
    if name == "location":
        pattern = location_pattern(directive)
        if pattern is not None and pattern.modifier in {"~", "~*"}:
            # Of two equal expressions the first answers.
            return ()
        # "^~ /a/" and "/a/" are the same location (ngx_http_add_location).
        return (name, *(word for word in args if word != "^~"))
    if name not in _SINGLE_BY_FIRST_WORD:
        return ()
    # A port of UDP is another socket than that of TCP.
    socket = ("quic",) if name == "listen" and "quic" in args else ()
    return (name, *(word.lower() for word in args[:1]), *socket)


def _has_refused_uri(context: _Context, location: Directive | None, passing: Directive) -> bool:
    """Return whether a proxy_pass has a path where nginx has no prefix to replace by it
    (ngx_http_proxy_pass)."""
    url = passing.args[0] if passing.args else ""
    if "$" in url or not _WITH_PATH.match(url):
        return False
    if context[-1:] in {("if",), ("limit_except",)}:
        return True
    pattern = location_pattern(location) if location else None
    return location is not None and (pattern is None or pattern.modifier in {"~", "~*"})
