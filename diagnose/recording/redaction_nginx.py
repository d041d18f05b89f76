"""Masks nginx's configuration: only directives that checks read keep their arguments.

Comments are removed. Everything stays on its line, and `start`, `stop` and `opened` of a directive
are adjusted to the masked text, because fixes are made from them.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from diagnose.model.nginx import ConfigFile, Directive
from diagnose.parsers.nginx.long_runs import entries
from diagnose.parsers.secrets import HIDDEN, is_secret_name
from diagnose.recording.redaction_http import kept_field

MaskText = Callable[[str], str]

#: Directives whose arguments are paths, names, numbers, switches or patterns that checks read.
KEPT_DIRECTIVES = {
    "absolute_redirect", "accept_mutex", "access_log", "alias", "allow", "auth_delay",
    "auth_request", "charset",
    "chunked_transfer_encoding", "client_body_buffer_size", "client_body_timeout",
    "client_header_buffer_size", "client_header_timeout", "client_max_body_size", "daemon",
    "dav_methods",
    "default_type", "deny", "error_log", "error_page", "etag", "events", "expires", "fastcgi_index",
    "fastcgi_pass", "geo", "grpc_pass", "gzip", "gzip_static",  "http", "http2", "http3",
    "http3_hq", "if_modified_since", "ignore_invalid_headers", "include", "index", "internal",
    "ip_hash", "keepalive",
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
#: The same for families of directives: times, sizes and switches of the proxying modules.
_KEPT_FAMILIES = re.compile(
    r"(?:proxy|fastcgi|uwsgi|scgi|grpc|memcached)_(?:\w+_timeout|buffers|buffering|buffer_size|"
    r"busy_buffers_size|temp_file_write_size|max_temp_file_size|request_buffering|http_version|"
    r"redirect|next_upstream\w*|ssl_(?:server_name|name|verify|protocols|ciphers|certificate|"
    r"certificate_key|trusted_certificate|session_reuse|conf_command|verify_depth)|"
    r"socket_keepalive|pass_request_headers|pass_request_body|method|cache|cache_path|cache_valid|"
    r"intercept_errors|ignore_client_abort|ignore_headers|bind|pass_trailers|hide_header|pass_header|"
    r"cookie_flags)"
    r"|ssl_(?!engine)\w+|http2_\w+|http3_\w+|open_file_cache\w*|output_buffers|postpone_output"
    r"|auth_basic_user_file|brotli\w*|zstd\w*|gunzip\w*"
)
_HEADER_DIRECTIVES = {"proxy_set_header", "grpc_set_header", "add_header", "add_trailer",
           "more_set_headers", "more_set_input_headers", "fastcgi_param"}  # fmt: skip
#: nginx's own variables, which contain nothing about the site.
_VALUE = re.compile(r"(?:\$\{?[a-z0-9_]+\}?|[:/])+")
_CONNECTION = re.compile(r"(?i)(?:upgrade|close|keep-alive|websocket|on|off|default|\d{1,8})?")
_ROUTE = re.compile(r"(?:[a-z]{1,10}://)?[\w.$-]{1,253}(?::[\w$]{1,32})?(?:/[\w./-]*)?")
_URL = re.compile(r"(?:[a-z]+://|/|\$|@).*", re.DOTALL)
_COMPARISON = re.compile(r"\(|\)|!?~\*?|!?=|\(?!?-[fdex]|\(?\$\w+\)?|\(?!?")

#: The words of a directive's head, tokenized like in nginx (ngx_conf_read_token).
_WORDS = re.compile(
    r"(?P<comment>\#[^\n]*)|(?P<blank>\s+)|(?P<mark>[;{}])"
    r"|(?P<quoted>\"(?:\\.|[^\"\\])*\"?|'(?:\\.|[^'\\])*'?)"
    r"|(?P<word>(?:\\.|\$\{[^}\s]*\}|[^\s;{}\\])+|\\)",
    re.DOTALL,
)
_INCLUDE = re.compile(r"\#[^\n]*|(?<![\w$])include\s+[^;{}\s#]+\s*;|\s+|[;{}]|[^\s;{}#]+|\#")
_NAME = re.compile(r"[a-z][a-z0-9_]{1,63}")
_ESCAPED = re.compile(r"([\\\"'])")


class ArgumentMask:
    """Masks the arguments of directives. `mask_text` masks a text that is kept; `routing_variables`
    are the variables ("$app") that decide where a request is passed to."""

    def __init__(
        self, mask_text: MaskText, routing_variables: frozenset[str] = frozenset()
    ) -> None:
        self.mask_text, self.routing_variables = mask_text, routing_variables

    def mask_all(self, name: str, block: str, args: tuple[str, ...]) -> tuple[str, ...]:
        """Mask the arguments of a directive in a block of that name ("" for none)."""
        return tuple(self.mask_at(name, block, args, index) for index in range(len(args)))

    def mask_at(self, name: str, block: str, args: tuple[str, ...], index: int) -> str:
        """Mask the argument at that index."""
        return self._mask_argument(name, block, args, index) if args[index] else ""

    def _mask_argument(self, name: str, block: str, args: tuple[str, ...], index: int) -> str:
        text = args[index]
        if block == "types":
            return self.mask_text(text)
        if block in {"map", "geo", "split_clients"} or (block.startswith("map ")):
            return self._mask_value(text)
        if name in _HEADER_DIRECTIVES:
            return self._mask_header(args, index)
        if name == "set":
            is_kept = index == 0 or (args[0] in self.routing_variables and _ROUTE.fullmatch(text))
            return self.mask_text(text) if is_kept else self._mask_value(text)
        if name == "map":
            return self.mask_text(text) if _VALUE.fullmatch(text) else HIDDEN
        if name == "if":
            return text if _COMPARISON.fullmatch(text) else self._mask_comparison(text)
        if name == "return":
            is_code_or_url = index == 0 and (text.isdigit() or _URL.match(text))
            return self.mask_text(text) if is_code_or_url or _URL.fullmatch(text) else HIDDEN
        if name == "auth_basic":
            return text if text == "off" or _VALUE.fullmatch(text) else HIDDEN
        if is_kept_directive(name):
            return self.mask_text(text)
        return self._hide_argument(text)

    def _mask_header(self, args: tuple[str, ...], index: int) -> str:
        text = args[index]
        if index == 0 and len(args) > 1:
            return self.mask_text(text)
        if index > 1:
            return text if text == "always" else HIDDEN
        field = args[0] if len(args) > 1 else ""
        if _VALUE.fullmatch(text) and not is_secret_name(text):
            return self.mask_text(text)
        return kept_field(field, text, self.mask_text) if field else HIDDEN

    def _mask_value(self, text: str) -> str:
        """Mask the value of a variable: keep other variables and values of a Connection field."""
        is_kept = _VALUE.fullmatch(text) or _CONNECTION.fullmatch(text)
        return self.mask_text(text) if is_kept else HIDDEN

    def _mask_comparison(self, text: str) -> str:
        bare = text.rstrip(")")
        harmless = {"http", "https", "GET", "HEAD", "POST", "OPTIONS", "on", "off", "websocket"}
        if bare in harmless or "/.well-known" in bare:
            return self.mask_text(text)
        return self.mask_text(text) if bare.startswith("/") else HIDDEN + text[len(bare) :]

    def _hide_argument(self, text: str) -> str:
        """Hide an argument, but keep characters that do not belong in a configuration: a check
        looks for them."""
        unusual = "".join(c for c in text if ord(c) > 127 and not c.isalnum() and not c.isspace())
        return text if text in {"on", "off"} else HIDDEN + unusual


class MaskedFiles:
    """The masked files of a configuration, and the positions of its directives in them."""

    def __init__(
        self, main: tuple[Directive, ...], files: tuple[ConfigFile, ...], mask_text: MaskText
    ) -> None:
        self.mask_text, self.arguments = (
            mask_text,
            ArgumentMask(mask_text, _routing_variables(main)),
        )
        heads: dict[str, dict[int, tuple[Directive, str]]] = {file.path: {} for file in files}
        for directive, block in _walk_directives(main):
            if directive.file in heads:
                heads[directive.file].setdefault(directive.start, (directive, block))
        self.offsets: dict[str, dict[int, int]] = {}
        self.lines: dict[str, list[int]] = {}
        self.files = tuple(self._mask_file(file, heads[file.path]) for file in files)
        self.main = tuple(self._masked_directive(directive, "") for directive in main)

    def _mask_file(
        self, file: ConfigFile, heads: Mapping[int, tuple[Directive, str]]
    ) -> ConfigFile:
        pieces: list[str] = []
        offsets = self.offsets[file.path] = {}
        ends = sorted({d.stop for d, _ in heads.values()} | {0, len(file.text)})
        length = position = 0

        def copy_gap(end: int) -> None:
            """Copy the text between directives' heads, split where a block ends."""
            nonlocal length, position
            cuts = ends[bisect_left(ends, position) : bisect_left(ends, end)]
            for cut in [*cuts, end]:
                if cut > position:
                    piece = self._mask_gap(file.text[position:cut])
                    pieces.append(piece)
                    length += len(piece)
                    position = cut
                offsets[cut] = length

        for start, (directive, block) in sorted(heads.items()):
            head = directive.opened or directive.stop
            if start < position or head > len(file.text):
                continue
            copy_gap(start)
            piece = self._mask_head(directive, block, file.text[start:head])
            pieces.append(piece)
            length += len(piece)
            position = head
            offsets[head] = length
        copy_gap(len(file.text))
        text = "".join(pieces)
        self.lines[file.path] = [match.start() for match in re.finditer("\n", text)]
        real = self.mask_text(file.real)
        return replace(file, path=self.mask_text(file.path), text=text, real=real)

    def _mask_gap(self, text: str) -> str:
        """Keep white space, braces and includes; remove everything else."""
        pieces = []
        for match in _INCLUDE.finditer(text):
            piece = match[0]
            if piece.isspace() or piece in {";", "{", "}"}:
                pieces.append(piece)
            elif piece.startswith("include"):
                pieces.append(self.mask_text(piece))
        return "".join(pieces)

    def _mask_head(self, directive: Directive, block: str, text: str) -> str:
        """Mask a directive's name and arguments in place; white space is kept."""
        if directive.name.endswith("_by_lua_block") and not directive.opened:
            return f"{directive.name} {{{HIDDEN}{chr(10) * text.count(chr(10))}}}"
        tokens = list(_WORDS.finditer(text))
        words = [match for match in tokens if match["quoted"] or match["word"]]
        masked = self._masked_arguments(directive, block)
        has_name = len(words) > len(directive.args)
        if len(words) != len(directive.args) + has_name:
            lines = "\n" * text.count("\n")
            end = "" if directive.end in {"", "}"} else directive.end
            statement = " ".join([self._masked_name(directive, block), *map(_quoted, masked)])
            return f"{statement}{lines}{end}"
        replacements = iter([*([self._masked_name(directive, block)] if has_name else []), *masked])
        originals = iter([*([directive.name] if has_name else []), *directive.args])
        pieces = []
        for match in tokens:
            if match["quoted"] or match["word"]:
                replacement = next(replacements)
                pieces.append(
                    match[0]
                    if replacement == next(originals)
                    else _quoted_like(match[0], replacement)
                )
            elif not match["comment"]:
                pieces.append(match[0])
        return "".join(pieces)

    def _masked_name(self, directive: Directive, block: str) -> str:
        """Mask a name. In the blocks of map and split_clients, the name is the value to compare
        with."""
        name = directive.name
        if block in {"map", "split_clients"}:
            is_kept = name in {"default", "", "hostnames", "volatile", "~*", "include"}
            return name if is_kept or _CONNECTION.fullmatch(name) else HIDDEN
        return self.mask_text(name) if _NAME.fullmatch(name) else self.mask_text(name[:200])

    def _masked_arguments(self, directive: Directive, block: str) -> tuple[str, ...]:
        """Mask arguments. If a semicolon is missing, the arguments contain the next line's
        directive: its arguments are masked by its own name."""
        name, args = directive.name, directive.args
        for index in range(1, len(args)):
            if (
                args[index] in KEPT_DIRECTIVES
                and block != "types"
                and name not in _HEADER_DIRECTIVES
                and index < 40
            ):
                following = replace(directive, name=args[index], args=args[index + 1 :])
                if name not in KEPT_DIRECTIVES and name != args[index]:
                    before = self.arguments.mask_all(name, block, args[:index])
                    return (*before, args[index], *self._masked_arguments(following, block))
        return self.arguments.mask_all(name, block, args)

    def _masked_directive(self, directive: Directive, block: str) -> Directive:
        offsets = self.offsets.get(directive.file, {})
        lines = self.lines.get(directive.file, [])
        start = offsets.get(directive.start, directive.start)
        row = bisect_left(lines, start)
        before = lines[row - 1] if row else -1
        inner = directive.block
        if inner is not None:
            inner = tuple(self._masked_directive(child, directive.name) for child in inner)
        return replace(
            directive,
            name=self._masked_name(directive, block),
            args=self._masked_arguments(directive, block),
            file=self.mask_text(directive.file),
            block=inner,
            run=tuple(self._masked_directive(listed, block) for listed in directive.run),
            column=start - before if directive.file in self.offsets else directive.column,
            start=start,
            stop=offsets.get(directive.stop, directive.stop),
            opened=offsets.get(directive.opened, directive.opened),
        )


def is_kept_directive(word: str) -> bool:
    """Return whether a word is a directive whose arguments are kept."""
    return word in KEPT_DIRECTIVES or _KEPT_FAMILIES.fullmatch(word) is not None


def _quoted(argument: str) -> str:
    if argument and not re.search(r"[\s;{}\"'#\\]", argument):
        return argument
    return '"' + _ESCAPED.sub(r"\\\1", argument) + '"'


def _quoted_like(original: str, argument: str) -> str:
    """Quote the argument if the original was quoted or if it needs quotes."""
    if original[0] not in "\"'":
        return _quoted(argument)
    return '"' + _ESCAPED.sub(r"\\\1", argument) + '"'


def _walk_directives(
    directives: tuple[Directive, ...], block: str = ""
) -> Iterator[tuple[Directive, str]]:
    for directive in entries(directives):
        yield directive, block
        yield from _walk_directives(directive.block or (), directive.name)


def _routing_variables(main: tuple[Directive, ...]) -> frozenset[str]:
    """Return the variables in the targets of *_pass directives."""
    pass_directives = (
        directive
        for directive, _ in _walk_directives(main)
        if directive.name.endswith("_pass") and directive.args
    )
    return frozenset(
        f"${name}"
        for directive in pass_directives
        for name in re.findall(r"\$\{?(\w+)", directive.args[0])
    )
