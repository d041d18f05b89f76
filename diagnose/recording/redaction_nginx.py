"""nginx's configuration, masked: only directives that checks read keep their arguments.

Comments go. Everything stays on its line, and a directive is found in the masked text where its
`start`, `stop` and `opened` say, because the remedies are made from there.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from diagnose.model.nginx import ConfigFile, Directive
from diagnose.recording.redaction_http import kept_field
from diagnose.recording.redaction_secrets import HIDDEN, is_secret_name

Masked = Callable[[str], str]

#: Directives whose arguments are paths, names, numbers, switches or patterns that checks read.
KEPT = {
    "absolute_redirect", "accept_mutex", "access_log", "alias", "allow", "auth_delay", "charset",
    "chunked_transfer_encoding", "client_body_buffer_size", "client_body_timeout",
    "client_header_buffer_size", "client_header_timeout", "client_max_body_size", "daemon",
    "default_type", "deny", "error_log", "error_page", "etag", "events", "expires", "fastcgi_index",
    "fastcgi_pass", "geo", "grpc_pass", "gzip", "gzip_static",  "http", "http2", "http3",
    "http3_hq", "if_modified_since", "include", "index", "internal", "ip_hash", "keepalive",
    "keepalive_requests", "keepalive_timeout", "keepalive_time", "large_client_header_buffers",
    "least_conn", "least_time", "limit_conn", "limit_conn_zone", "limit_except", "limit_rate",
    "limit_req", "limit_req_zone", "limit_zone", "lingering_close", "listen", "load_module",
    "location", "mail", "map_hash_bucket_size", "map_hash_max_size", "master_process",
    "memcached_pass", "merge_slashes", "multi_accept", "pcre_jit", "pid", "port_in_redirect",
    "proxy_pass", "proxy_protocol", "queue", "quic_gso", "quic_retry", "random", "real_ip_header",
    "real_ip_recursive", "recursive_error_pages", "reset_timedout_connection", "resolver",
    "resolver_timeout", "rewrite", "rewrite_log", "root", "satisfy", "scgi_pass", "send_timeout",
    "sendfile", "server", "server_name", "server_name_in_redirect", "server_tokens",
    "server_names_hash_bucket_size", "server_names_hash_max_size", "set_real_ip_from",
    "spdy_chunk_size", "spdy_headers_comp", "ssl", "stream", "stub_status",
    "tcp_nodelay", "tcp_nopush", "try_files", "types", "types_hash_bucket_size",
    "types_hash_max_size", "underscores_in_headers", "upstream", "use", "user", "uwsgi_pass",
    "worker_connections", "worker_cpu_affinity", "worker_priority", "worker_processes",
    "worker_rlimit_nofile", "worker_shutdown_timeout", "zone",
}  # fmt: skip
#: And by a part of their names: times, sizes and switches of the modules that pass requests on.
_KEPT_FAMILIES = re.compile(
    r"(?:proxy|fastcgi|uwsgi|scgi|grpc|memcached)_(?:\w+_timeout|buffers|buffering|buffer_size|"
    r"busy_buffers_size|temp_file_write_size|max_temp_file_size|request_buffering|http_version|"
    r"redirect|next_upstream\w*|ssl_(?:server_name|name|verify|protocols|ciphers|certificate|"
    r"certificate_key|trusted_certificate|session_reuse|conf_command|verify_depth)|"
    r"socket_keepalive|pass_request_headers|pass_request_body|method|cache|cache_path|"
    r"intercept_errors|ignore_client_abort|bind|pass_trailers|hide_header|pass_header|"
    r"cookie_flags)"
    r"|ssl_(?!engine)\w+|http2_\w+|http3_\w+|open_file_cache\w*|output_buffers|postpone_output"
    r"|auth_basic_user_file|brotli\w*|zstd\w*|gunzip\w*"
)
_FIELDS = {"proxy_set_header", "grpc_set_header", "add_header", "add_trailer",
           "more_set_headers", "more_set_input_headers"}  # fmt: skip
#: Variables of nginx's own that hold nothing of the site's.
_VALUE = re.compile(r"(?:\$\{?[a-z0-9_]+\}?|[:/])+")
_CONNECTION = re.compile(r"(?i)(?:upgrade|close|keep-alive|websocket|on|off|default|\d{1,8})?")
_ROUTE = re.compile(r"(?:[a-z]{1,10}://)?[\w.$-]{1,253}(?::[\w$]{1,32})?(?:/[\w./-]*)?")
_URL = re.compile(r"(?:[a-z]+://|/|\$|@).*", re.DOTALL)
_COMPARISON = re.compile(r"\(|\)|!?~\*?|!?=|!?-[fdex]|\(?\$\w+\)?|\(?!?")

#: The words of a directive's head, as nginx's own reader takes them apart (ngx_conf_read_token).
_WORDS = re.compile(
    r"(?P<comment>\#[^\n]*)|(?P<blank>\s+)|(?P<mark>[;{}])"
    r"|(?P<quoted>\"(?:\\.|[^\"\\])*\"?|'(?:\\.|[^'\\])*'?)"
    r"|(?P<word>(?:\\.|\$\{[^}\s]*\}|[^\s;{}\\])+|\\)",
    re.DOTALL,
)
_INCLUDE = re.compile(r"\#[^\n]*|(?<![\w$])include\s+[^;{}\s#]+\s*;|\s+|[;{}]|[^\s;{}#]+|\#")
_NAME = re.compile(r"[a-z][a-z0-9_]{1,63}")
_ESCAPED = re.compile(r"([\\\"'])")


class Arguments:
    """Masks the arguments of directives. `masked` masks a text that is kept; `routed` are the
    variables ("$app") that say where a request is passed on to."""

    def __init__(self, masked: Masked, routed: frozenset[str] = frozenset()) -> None:
        self.masked, self.routed = masked, routed

    def mask(self, name: str, block: str, args: tuple[str, ...]) -> tuple[str, ...]:
        """The arguments of a directive within a block of that name ("" for none)."""
        return tuple(self.one(name, block, args, at) for at in range(len(args)))

    def one(self, name: str, block: str, args: tuple[str, ...], at: int) -> str:
        """The argument at that place."""
        return self._kept(name, block, args, at) if args[at] else ""

    def _kept(self, name: str, block: str, args: tuple[str, ...], at: int) -> str:
        text = args[at]
        if block == "types":
            return self.masked(text)
        if block in {"map", "geo", "split_clients"} or (block.startswith("map ")):
            return self._short(text)
        if name in _FIELDS:
            return self._field(args, at)
        if name == "set":
            kept = at == 0 or (args[0] in self.routed and _ROUTE.fullmatch(text))
            return self.masked(text) if kept else self._short(text)
        if name == "map":
            return self.masked(text) if _VALUE.fullmatch(text) else HIDDEN
        if name == "if":
            return text if _COMPARISON.fullmatch(text) else self._comparison(text)
        if name == "return":
            first = at == 0 and (text.isdigit() or _URL.match(text))
            return self.masked(text) if first or _URL.fullmatch(text) else HIDDEN
        if name == "auth_basic":
            return text if text == "off" else HIDDEN
        if name in KEPT or _KEPT_FAMILIES.fullmatch(name):
            return self.masked(text)
        return self._odd(text)

    def _field(self, args: tuple[str, ...], at: int) -> str:
        text = args[at]
        if at == 0 and len(args) > 1:
            return self.masked(text)
        if at > 1:
            return text if text == "always" else HIDDEN
        field = args[0] if len(args) > 1 else ""
        if _VALUE.fullmatch(text) and not is_secret_name(text):
            return self.masked(text)
        return kept_field(field, text, self.masked) if field else HIDDEN

    def _short(self, text: str) -> str:
        """The value of a variable: another variable, or what a handshake's fields hold."""
        kept = _VALUE.fullmatch(text) or _CONNECTION.fullmatch(text)
        return self.masked(text) if kept else HIDDEN

    def _comparison(self, text: str) -> str:
        bare = text.rstrip(")")
        known = {"http", "https", "GET", "HEAD", "POST", "OPTIONS", "on", "off", "websocket"}
        if bare in known or "/.well-known" in bare:
            return self.masked(text)
        return self.masked(text) if bare.startswith("/") else HIDDEN + text[len(bare) :]

    def _odd(self, text: str) -> str:
        """Hidden, but for characters that have no business in a configuration: a check is for
        them."""
        odd = "".join(c for c in text if ord(c) > 127 and not c.isalnum() and not c.isspace())
        return text if text in {"on", "off"} else HIDDEN + odd


class MaskedFiles:
    """The files of a configuration, masked, and where its directives stand in them."""

    def __init__(
        self, main: tuple[Directive, ...], files: tuple[ConfigFile, ...], masked: Masked
    ) -> None:
        self.masked, self.arguments = masked, Arguments(masked, _routed(main))
        heads: dict[str, dict[int, tuple[Directive, str]]] = {file.path: {} for file in files}
        for directive, block in _walk(main):
            if directive.file in heads:
                heads[directive.file].setdefault(directive.start, (directive, block))
        self.moved: dict[str, dict[int, int]] = {}
        self.lines: dict[str, list[int]] = {}
        self.files = tuple(self._file(file, heads[file.path]) for file in files)
        self.main = tuple(self._directive(directive, "") for directive in main)

    def _file(self, file: ConfigFile, heads: Mapping[int, tuple[Directive, str]]) -> ConfigFile:
        pieces: list[str] = []
        moved = self.moved[file.path] = {}
        ends = sorted({d.stop for d, _ in heads.values()} | {0, len(file.text)})
        length = at = 0

        def gap(to: int) -> None:
            """What stands between heads, cut where a block ends."""
            nonlocal length, at
            cuts = ends[bisect_left(ends, at) : bisect_left(ends, to)]
            for cut in [*cuts, to]:
                if cut > at:
                    piece = self._between(file.text[at:cut])
                    pieces.append(piece)
                    length += len(piece)
                    at = cut
                moved[cut] = length

        for start, (directive, block) in sorted(heads.items()):
            head = directive.opened or directive.stop
            if start < at or head > len(file.text):
                continue
            gap(start)
            piece = self._head(directive, block, file.text[start:head])
            pieces.append(piece)
            length += len(piece)
            at = head
            moved[head] = length
        gap(len(file.text))
        text = "".join(pieces)
        self.lines[file.path] = [match.start() for match in re.finditer("\n", text)]
        real = self.masked(file.real)
        return replace(file, path=self.masked(file.path), text=text, real=real)

    def _between(self, text: str) -> str:
        """Blanks, braces and includes; all else goes."""
        kept = []
        for match in _INCLUDE.finditer(text):
            piece = match[0]
            if piece.isspace() or piece in {";", "{", "}"}:
                kept.append(piece)
            elif piece.startswith("include"):
                kept.append(self.masked(piece))
        return "".join(kept)

    def _head(self, directive: Directive, block: str, text: str) -> str:
        """A directive's name and arguments as they stand, each masked, blanks as they are."""
        if directive.name.endswith("_by_lua_block") and not directive.opened:
            return f"{directive.name} {{{HIDDEN}{chr(10) * text.count(chr(10))}}}"
        tokens = list(_WORDS.finditer(text))
        words = [match for match in tokens if match["quoted"] or match["word"]]
        masked = self._arguments(directive, block)
        named = len(words) > len(directive.args)
        if len(words) != len(directive.args) + named:
            lines = "\n" * text.count("\n")
            end = "" if directive.end in {"", "}"} else directive.end
            written = " ".join([self._name(directive, block), *map(_quoted, masked)])
            return f"{written}{lines}{end}"
        instead = iter([*([self._name(directive, block)] if named else []), *masked])
        originals = iter([*([directive.name] if named else []), *directive.args])
        made = []
        for match in tokens:
            if match["quoted"] or match["word"]:
                new = next(instead)
                made.append(match[0] if new == next(originals) else _like(match[0], new))
            elif not match["comment"]:
                made.append(match[0])
        return "".join(made)

    def _name(self, directive: Directive, block: str) -> str:
        """Entries of a map have what they compare with in the place of a name."""
        name = directive.name
        if block in {"map", "split_clients"}:
            kept = name in {"default", "", "hostnames", "volatile", "~*", "include"}
            return name if kept or _CONNECTION.fullmatch(name) else HIDDEN
        return self.masked(name) if _NAME.fullmatch(name) else self.masked(name[:200])

    def _arguments(self, directive: Directive, block: str) -> tuple[str, ...]:
        """Where a semicolon is missing, the next line's directive is among the arguments: its
        own are masked as such."""
        name, args = directive.name, directive.args
        for at in range(1, len(args)):
            if args[at] in KEPT and block != "types" and name not in _FIELDS and at < 40:
                following = replace(directive, name=args[at], args=args[at + 1 :])
                if name not in KEPT and name != args[at]:
                    before = self.arguments.mask(name, block, args[:at])
                    return (*before, args[at], *self._arguments(following, block))
        return self.arguments.mask(name, block, args)

    def _directive(self, directive: Directive, block: str) -> Directive:
        there = self.moved.get(directive.file, {})
        lines = self.lines.get(directive.file, [])
        start = there.get(directive.start, directive.start)
        row = bisect_left(lines, start)
        before = lines[row - 1] if row else -1
        inner = directive.block
        if inner is not None:
            inner = tuple(self._directive(one, directive.name) for one in inner)
        return replace(
            directive,
            name=self._name(directive, block),
            args=self._arguments(directive, block),
            file=self.masked(directive.file),
            block=inner,
            column=start - before if directive.file in self.moved else directive.column,
            start=start,
            stop=there.get(directive.stop, directive.stop),
            opened=there.get(directive.opened, directive.opened),
        )


def masked_configuration(config: Any, masked: Masked, value: Callable[[Any], Any]) -> Any:
    """A configuration (`main` and `files`, as NginxConfig and OtherConfig have them), its other
    fields masked by `value`."""
    files = MaskedFiles(config.main, config.files, masked)
    kept = {field.name: value(getattr(config, field.name)) for field in _others(config)}
    return type(config)(**kept, main=files.main, files=files.files)


def _others(config: Any) -> Iterator[Any]:
    return (field for field in fields(config) if field.name not in {"main", "files"})


def _quoted(argument: str) -> str:
    if argument and not re.search(r"[\s;{}\"'#\\]", argument):
        return argument
    return '"' + _ESCAPED.sub(r"\\\1", argument) + '"'


def _like(written: str, argument: str) -> str:
    """The argument in the quotes of what stood there."""
    if written[0] not in "\"'":
        return _quoted(argument)
    return '"' + _ESCAPED.sub(r"\\\1", argument) + '"'


def _walk(directives: tuple[Directive, ...], block: str = "") -> Iterator[tuple[Directive, str]]:
    for directive in directives:
        yield directive, block
        yield from _walk(directive.block or (), directive.name)


def _routed(main: tuple[Directive, ...]) -> frozenset[str]:
    """The variables that are in the target of a pass."""
    passes = (one for one, _ in _walk(main) if one.name.endswith("_pass") and one.args)
    return frozenset(
        f"${name}" for one in passes for name in re.findall(r"\$\{?(\w+)", one.args[0])
    )
