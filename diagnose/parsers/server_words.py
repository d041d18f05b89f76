"""What other web servers write for a line of nginx's, for texts that name nginx's alone. No I/O.

Sources: the references of ngx_http_proxy_module, ngx_http_headers_module and ngx_http_ssl_module;
of Apache's mod_proxy, mod_headers, mod_alias, mod_rewrite, mod_dir, mod_mime and mod_ssl; HAProxy's
Configuration Manual; Caddy's documentation of its directives. What a server does by itself, or
cannot do in one line, has no words here.
"""

import re
from collections.abc import Callable, Iterator

from diagnose.model.frozen import frozen
from diagnose.parsers.urls import parse_url

#: Commands that test and load nginx's configuration.
LOADING = re.compile(
    r"(?:run )?`(?:nginx -t && )?(?:nginx -s reload|systemctl reload nginx)`|`nginx -t`(?= 检查)"
)
#: The command that shows the end of nginx's error log.
_LOG = "`tail -n 50 /var/log/nginx/error.log`"
_SPAN = re.compile(r"(?m)`([^`\n]{1,1000})`|^ {4}(\S.{0,1000})$")
_BLOCK = re.compile(r"location\s+((?:[=~^*]{1,2}\s+)?\S+)\s*\{(.*)\}", re.DOTALL)
_STATEMENT = re.compile(r"([a-z][a-z0-9_]{1,60})((?:\s+(?:\"[^\"]*\"|'[^']*'|[^\s;{}]+))+);?")
_WORD = re.compile(r"\"([^\"]*)\"|'([^']*)'|(\S+)")
_SECURE = "https://$host$request_uri"


@frozen
class Product:
    """A web server: `load` are the commands that test and load its configuration, and `log` is the
    one that shows its log. `title` is its name as its project writes it, `config` the file that it
    reads first."""

    name: str
    load: str
    log: str = ""
    title: str = ""
    config: str = ""


def server_words(text: str, product: Product) -> tuple[str, ...]:
    """Return what the server writes for the lines of nginx's in a text, without repetition."""
    words = (word for span, line in _SPAN.findall(text) for word in _words(span or line, product))
    # A block is repeated as a whole or not at all.
    return tuple(line for word in dict.fromkeys(words) for line in word.split("\n"))


def does_itself(text: str, product: Product) -> bool:
    """Return whether a text names a field of nginx's that the server sends by itself."""
    return any(
        match[1] == "proxy_set_header"
        and _args(match[2])[0].lower() in _OWN_FIELDS.get(product.name, ())
        for span, line in _SPAN.findall(text)
        for match in _STATEMENT.finditer(span or line)
    )


def with_loading_commands(text: str, product: Product) -> str:
    """Return a text with the server's commands in the place of those that load nginx's
    configuration or show its log."""
    own = f"`{product.load}`"
    if product.log:
        text = text.replace(_LOG, f"`{product.log}`")
    return LOADING.sub(lambda match: f"run {own}" if match[0][:4] == "run " else own, text)


def _words(span: str, product: Product) -> Iterator[str]:
    if block := _BLOCK.fullmatch(span.strip()):
        yield from _of_block(block[1].strip(), block[2].strip(), product.name)
        return
    for match in _STATEMENT.finditer(span):
        write = _WRITERS.get(match[1])
        args = _args(match[2])
        # A word in the middle of a command is no directive.
        begins = span.strip().startswith(match[1]) or f"; {match[1]}" in span
        if write is not None and args and begins:
            yield from filter(None, [write(args, product.name)])


def _args(text: str) -> tuple[str, ...]:
    return tuple(double or single or bare for double, single, bare in _WORD.findall(text))


def _of_block(path: str, body: str, product: str) -> Iterator[str]:
    """Yield the words for a location with one statement that decides."""
    exact, prefix = path.startswith("="), path.split()[-1]
    statements = {
        m[1]: tuple(a or b or c for a, b, c in _WORD.findall(m[2]))
        for m in _STATEMENT.finditer(body)
    }
    if path.split()[0] in {"~", "~*"}:
        return
    if returned := statements.get("return"):
        yield from filter(None, [_redirect(prefix, exact, returned[-1], product)])
    elif passed := statements.get("proxy_pass"):
        yield from _passing(prefix, passed[0], "Upgrade" in body, product)
    elif (root := statements.get("root")) and prefix.startswith("/.well-known/"):
        yield from _folder(prefix, root[0], product)


def _redirect(prefix: str, exact: bool, target: str, product: str) -> str:
    if target == _SECURE:
        return {
            "apache": "RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]",
            "haproxy": "http-request redirect scheme https code 301 unless { ssl_fc }",
            "caddy": "redir https://{host}{uri} permanent",
        }.get(product, "")
    target = target.replace("$is_args$args", "")
    if "$" in target or not exact:
        return ""
    return {
        "apache": f"RedirectMatch 301 ^{re.escape(prefix)}$ {target}",
        "haproxy": f"http-request redirect location {target} code 301 if {{ path {prefix} }}",
        "caddy": f"redir {prefix} {target} permanent",
    }.get(product, "")


def _passing(prefix: str, url: str, upgrades: bool, product: str) -> Iterator[str]:
    parsed = parse_url(url)
    if parsed is None or "$" in url:
        return
    address = f"{parsed.host}:{parsed.port}"
    if product == "apache":
        upgrade = " upgrade=websocket" if upgrades else ""
        yield f"ProxyPass {prefix} http://{address}{prefix}{upgrade}"
        yield f"ProxyPassReverse {prefix} http://{address}{prefix}"
    elif product == "haproxy":
        yield f"use_backend app if {{ path_beg {prefix} }}"
        yield f"server app {address}"
    elif product == "caddy":
        # Caddy takes no block on one line.
        yield f"handle {prefix.rstrip('/')}* {{\nreverse_proxy {address}\n}}"


def _folder(prefix: str, root: str, product: str) -> Iterator[str]:
    if product == "apache":
        yield f"ProxyPass {prefix} !"
        yield f"Alias {prefix} {root.rstrip('/')}{prefix}"
    elif product == "caddy":
        yield f"handle {prefix}* {{\nroot * {root}\nfile_server\n}}"


#: The fields of a request that a server passes on or sets itself (mod_proxy, "X-Forwarded-For";
#: HAProxy's chapter on HTTP; Caddy's `reverse_proxy`, "Defaults").
_OWN_FIELDS = {
    "apache": {"x-forwarded-for", "x-forwarded-host"},
    "haproxy": {"host", "upgrade", "connection"},
    "caddy": {
        "host", "upgrade", "connection", "x-forwarded-proto", "x-forwarded-for", "x-forwarded-host",
    },
}  # fmt: skip

#: What an application is told, by the field and nginx's variable.
_REQUEST_FIELDS = {
    ("host", "$host"): ("ProxyPreserveHost On", "", ""),
    ("host", "$http_host"): ("ProxyPreserveHost On", "", ""),
    ("x-forwarded-proto", "$scheme"): (
        "RequestHeader set X-Forwarded-Proto expr=%{REQUEST_SCHEME}",
        "http-request set-header X-Forwarded-Proto https if { ssl_fc }",
        "",
    ),
    ("x-forwarded-proto", "$http_x_forwarded_proto"): ("", "", ""),
    ("x-forwarded-for", "$proxy_add_x_forwarded_for"): ("", "option forwardfor", ""),
    ("x-real-ip", "$remote_addr"): (
        "RequestHeader set X-Real-IP expr=%{REMOTE_ADDR}",
        "http-request set-header X-Real-IP %[src]",
        "header_up X-Real-IP {remote_host}",
    ),
    ("x-forwarded-host", "$host"): (
        "",
        "http-request set-header X-Forwarded-Host %[req.hdr(host)]",
        "",
    ),
    ("upgrade", "$http_upgrade"): ("ProxyPass PATH URL upgrade=websocket", "", ""),
}


def _request_field(args: tuple[str, ...], product: str) -> str:
    name, value = args[0], " ".join(args[1:])
    if known := _REQUEST_FIELDS.get((name.lower(), value)):
        return _own(product, *known)
    if "$" in value or name.lower() in {"connection", "host", "upgrade"} or not name.strip("{}"):
        return ""
    if not value:
        return _own(
            product,
            f"RequestHeader unset {name}",
            f"http-request del-header {name}",
            f"header_up -{name}",
        )
    word = _quoted(value)
    return _own(
        product,
        f"RequestHeader set {name} {word}",
        f"http-request set-header {name} {word}",
        f"header_up {name} {word}",
    )


def _response_field(args: tuple[str, ...], product: str) -> str:
    values = [word for word in args[1:] if word != "always"]
    if not values or "$" in "".join(values) or "…" in args:
        return ""
    word = _quoted(" ".join(values))
    return _own(
        product,
        f"Header always set {args[0]} {word}",
        f"http-response set-header {args[0]} {word}",
        f"header {args[0]} {word}",
    )


def _hidden_field(args: tuple[str, ...], product: str) -> str:
    return _own(
        product,
        f"Header unset {args[0]}",
        f"http-response del-header {args[0]}",
        f"header_down -{args[0]}",
    )


def _return(args: tuple[str, ...], product: str) -> str:
    return _redirect("/", exact=False, target=args[-1], product=product)


def _versions(args: tuple[str, ...], product: str) -> str:
    lowest = "TLSv1.2" if "TLSv1.2" in args else args[0]
    return _own(
        product,
        "SSLProtocol -all " + " ".join(f"+{word}" for word in args),
        f"ssl-min-ver {lowest}",
        f"tls {{\nprotocols {_caddy_versions(args)}\n}}",
    )


def _caddy_versions(args: tuple[str, ...]) -> str:
    """Return the versions that Caddy has: from TLS 1.2 on."""
    known = [word.lower().replace("tlsv", "tls") for word in args if word in {"TLSv1.2", "TLSv1.3"}]
    return " ".join(known) or "tls1.2"


def _rewritten_location(args: tuple[str, ...], product: str) -> str:
    if args != ("http://", "https://"):
        return ""
    return _own(
        product,
        "Header edit Location ^http:// https://",
        "http-response replace-header Location ^http://(.*) https://\\1",
        "header_down Location ^http:// https://",
    )


def _cookie_flags(args: tuple[str, ...], product: str) -> str:
    if args[1:] != ("secure",):
        return ""
    name = re.escape(args[0])
    return _own(
        product,
        f'Header edit Set-Cookie ^({name}=.*)$ "$1; Secure"',
        f'http-response replace-header Set-Cookie "^({name}=.*)" "\\\\1; Secure"',
        f'header_down Set-Cookie ^({name}=.*)$ "$1; Secure"',
    )


def _try_files(args: tuple[str, ...], product: str) -> str:
    fallback = args[-1]
    if not fallback.startswith("/"):
        return ""
    return _own(product, f"FallbackResource {fallback}", "", f"try_files {{path}} {fallback}")


def _fixed(apache: str, haproxy: str, caddy: str) -> Callable[[tuple[str, ...], str], str]:
    return lambda args, product: _own(product, apache, haproxy, caddy)


def _line_writer(apache: str, haproxy: str, caddy: str) -> Callable[[tuple[str, ...], str], str]:
    """Return the writer of a directive whose arguments stay as they are."""

    def write(args: tuple[str, ...], product: str) -> str:
        words = " ".join(args)
        own = _own(product, apache, haproxy, caddy)
        return own.format(words) if own and "$" not in words else ""

    return write


def _timeout(args: tuple[str, ...], product: str) -> str:
    return _own(product, f"ProxyTimeout {args[0].rstrip('s')}", f"timeout server {args[0]}", "")


def _own(product: str, apache: str, haproxy: str, caddy: str) -> str:
    return {"apache": apache, "haproxy": haproxy, "caddy": caddy}.get(product, "")


def _quoted(value: str) -> str:
    return value if re.fullmatch(r"[\w=./:-]+", value) else f'"{value}"'


_WRITERS: dict[str, Callable[[tuple[str, ...], str], str]] = {
    "proxy_set_header": _request_field,
    "add_header": _response_field,
    "proxy_hide_header": _hidden_field,
    "return": _return,
    "proxy_redirect": _rewritten_location,
    "proxy_cookie_flags": _cookie_flags,
    "proxy_cookie_domain": _line_writer("ProxyPassReverseCookieDomain {0}", "", ""),
    "proxy_read_timeout": _timeout,
    "ssl_protocols": _versions,
    "ssl_ciphers": _line_writer("SSLCipherSuite {0}", "bind … ciphers {0}", ""),
    "ssl_certificate": _line_writer("SSLCertificateFile {0}", "bind … crt {0}", "tls {0} KEY"),
    "ssl_certificate_key": _line_writer("SSLCertificateKeyFile {0}", "", ""),
    "ssl_verify_client": _fixed("SSLVerifyClient none", "bind … verify none", ""),
    "ssl_stapling": _line_writer("SSLUseStapling {0}", "", ""),
    "ssl_ecdh_curve": _fixed(
        "SSLOpenSSLConfCmd Groups X25519:P-256:P-384", "bind … curves X25519:P-256:P-384", ""
    ),
    "charset": _line_writer("AddDefaultCharset {0}", "", ""),
    "autoindex": _fixed("Options -Indexes", "", ""),
    "index": _line_writer("DirectoryIndex {0}", "", ""),
    "include": lambda args, product: (
        _own(product, "TypesConfig /etc/mime.types", "", "") if args == ("mime.types",) else ""
    ),
    "default_type": _line_writer("ForceType {0}", "", "header Content-Type {0}"),
    "try_files": _try_files,
    "gzip": _fixed(
        "AddOutputFilterByType DEFLATE text/html", "compression algo gzip", "encode gzip"
    ),
    "http2": lambda args, product: (
        _own(product, "Protocols h2 http/1.1", "bind … alpn h2,http/1.1", "")
        if args == ("on",)
        else _own(product, "Protocols http/1.1", "bind … alpn http/1.1", "protocols h1")
    ),
    "server_name": _line_writer("ServerAlias {0}", "", ""),
}
