"""What corrects a configuration that nginx refuses because of a value or a name: a protocol, a
unit, quotes or a space is missing, or a variable, a zone or a format is not defined."""

import re

from checks.nginx import Nginx, file_line
from checks.nginx._repairs import (
    Changes,
    Reader,
    Repair,
    all_directives,
    replaced,
    replaced_everywhere,
    reported,
)
from checks.nginx._slips import is_one_edit_apart
from diagnose.model.nginx import ConfigFile, TestMessage
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.edits import TextEdit
from diagnose.parsers.nginx.locations import PASS_DIRECTIVES


def _scheme(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """`proxy_pass localhost:3000;` lacks its scheme."""
    directive = reported(nginx, message, "proxy_pass")
    address = directive.args[0] if directive and len(directive.args) == 1 else ""
    if directive and address.startswith("unix:/"):
        after = f"http://{address}"
        changes = replaced_everywhere(nginx, directive, address, after)
        return Repair("scheme", changes, address, after)
    bare = re.sub(r"^\w{1,6}:?/{1,3}(?=\w)", "", address)
    if directive is None or not re.match(r"[\w\[][\w.:\]-]*(?:/|$)", bare) or "://" in address:
        return None
    scheme = "https" if re.match(r"https|[^/]*:443(?:/|$)", address) else "http"
    after = f"{scheme}://{bare}"
    return Repair("scheme", replaced_everywhere(nginx, directive, address, after), address, after)


def _group_port(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """A port behind the name of an `upstream`: its servers have their own."""
    directive = reported(nginx, message, *PASS_DIRECTIVES)
    if directive is None:
        return None
    name, port = match[1], match[2]
    before = directive.args[0]
    after = before.replace(f"{name}:{port}", name)
    changes = replaced_everywhere(nginx, directive, before, after)
    return Repair("group_port", changes, before, after)


def _quotes(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """`add_header NAME a value with spaces;`"""
    directive = reported(nginx, message, "add_header")
    file = nginx.file(directive) if directive else None
    if directive is None or file is None or len(directive.args) < 3:
        return None
    return _quoted(file, directive.start, file.text[directive.start : directive.stop])


def _cut_value(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """`add_header NAME max-age=1; includeSubDomains;`: a `;` ends the directive."""
    file = nginx.config.file(message.file or "") if nginx.config else None
    lines = file.text.split("\n") if file else []
    if file is None or message.line is None or not 0 < message.line <= len(lines):
        return None
    line = lines[message.line - 1].rstrip()
    start = sum(len(each) + 1 for each in lines[: message.line - 1])
    repair = _quoted(file, start, line)
    is_cut = repair is not None and ";" in repair.before and match[1] in repair.before
    return repair if is_cut else None


_FIELD = re.compile(r"[ \t]*add_header[ \t]+[\w-]+[ \t]+(?=[^\s\"'])")


def _quoted(file: ConfigFile, start: int, text: str) -> Repair | None:
    """Return the repair that puts the value of the add_header that this text is into quotes."""
    head = _FIELD.match(text)
    if head is None or not text.endswith(";") or re.search(r'["#{}\n\\]', text):
        return None
    value = text[head.end() : -1].rstrip()
    if value.endswith((" always", "\talways")):
        value = value[: -len("always")].rstrip()
    begin = start + head.end()
    change = TextEdit(begin, begin + len(value), f'"{value}"')
    return Repair("quotes", ((file.path, change),), value, f'"{value}"')


_SWITCH = {
    **dict.fromkeys(("true", "yes", "1", "enabled", "enable"), "on"),
    **dict.fromkeys(("false", "no", "0", "disabled", "disable"), "off"),
}


def _switch(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """`gzip true;` in place of on or off."""
    directive = reported(nginx, message, match[2])
    word = match[1].lower()
    after = word if word in {"on", "off"} else _SWITCH.get(word, "")
    if directive is None or not after:
        return None
    return Repair("value", replaced_everywhere(nginx, directive, match[1], after), match[1], after)


_FLAGS = ("last", "break", "redirect", "permanent")


def _flag(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """A slip in the flag of a `rewrite`."""
    directive = reported(nginx, message, "rewrite")
    alike = [flag for flag in _FLAGS if is_one_edit_apart(match[1], flag)]
    if directive is None or directive.args[2:] != (match[1],) or len(alike) != 1:
        return None
    changes = replaced(nginx, directive, f" {match[1]}", f" {alike[0]}")
    return Repair("value", changes, match[1], alike[0])


def _divided(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """`return 301 https://shop.example.com $request_uri;`: the address is one word."""
    directive = reported(nginx, message, "return")
    words = directive.args if directive else ()
    if directive is None or len(words) != 3 or not re.match(r"https?://[^\s'\"]+$", words[1]):
        return None
    before, after = f"{words[1]} {words[2]}", f"{words[1]}{words[2]}"
    if not re.match(r"[$/?]", words[2]):
        return None
    return Repair("value", replaced(nginx, directive, before, after), before, after)


def _zone_size(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """One zone, and two sizes: the second place says the first one's."""
    directive = reported(nginx, message, "ssl_session_cache", *_ZONES.values())
    pattern = re.compile(
        rf"((?:shared:|zone=|keys_zone=){re.escape(match[1])}:)(\w{{1,12}})(?:$|[:;])"
    )
    own = [size for word in (directive.args if directive else ()) if (size := pattern.match(word))]
    others = {
        size[2]
        for other in all_directives(nginx)
        if directive is not None and other.name == directive.name and other is not directive
        for word in other.args
        if (size := pattern.match(word)) and own and size[2] != own[0][2]
    }
    if directive is None or len(others) != 1 or not own:
        return None
    before, after = own[0][1] + own[0][2], own[0][1] + others.pop()
    return Repair("value", replaced(nginx, directive, before, after), before, after)


_UNITS = (
    (r"(\d+) ?(?:k|kb|kib)", "k"), (r"(\d+) ?(?:m|mb|mib)", "m"), (r"(\d+) ?(?:g|gb|gib)", "g"),
    (r"(\d+) ?(?:s|secs?|seconds?)", "s"), (r"(\d+) ?(?:mins?|minutes?)", "m"),
    (r"(\d+) ?(?:h|hours?|hrs?)", "h"), (r"(\d+) ?(?:d|days?)", "d"),
)  # fmt: skip


def _unit(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """`client_max_body_size 100MB;`: nginx knows k, m, g, and s, m, h, d (ngx_parse_offset,
    ngx_parse_time)."""
    directive = reported(nginx, message, match[1])
    value = directive.args[0] if directive and len(directive.args) == 1 else ""
    for pattern, unit in _UNITS:
        number = re.fullmatch(pattern, value, re.IGNORECASE)
        if directive and number and value != f"{number[1]}{unit}":
            after = f"{number[1]}{unit}"
            changes = replaced_everywhere(nginx, directive, value, after)
            return Repair("value", changes, value, after)
    return None


def _operator(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """`if ($a == b)`: nginx compares by one `=` (ngx_http_rewrite_module, "if")."""
    directive = reported(nginx, message, "if")
    if directive is None or match[1] not in {"==", "==="}:
        return None
    return Repair("value", replaced_everywhere(nginx, directive, match[1], "="), match[1], "=")


def _glued_name(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """`if($host = x)`, `location/api {`: the space after the name is missing."""
    name, rest = match[1], match[2]
    directive = reported(nginx, message, name + rest)
    if directive is None or name not in {"if", "location", "root", "return", "listen"}:
        return None
    after = f"{name} {rest}"
    return Repair("value", replaced(nginx, directive, name + rest, after), name + rest, after)


def _listen(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """`listen shop.example.com:443 ssl;`, `listen 443ssl;`, `listen 443:ssl;`, `listen :80;`,
    `listen :::80;`"""
    directive, value = reported(nginx, message, "listen"), match[1]
    glued = re.fullmatch(r"(\d{1,5}):?(ssl|http2|default_server)", value)
    if directive is None or value not in directive.args:
        return None
    if glued:
        after = f"{glued[1]} {glued[2]}"
        return Repair("value", replaced(nginx, directive, value, after), value, after)
    if every := re.fullmatch(r"(:|:::)(\d{1,5})", value):
        after = every[2] if every[1] == ":" else f"[::]:{every[2]}"
        return Repair("value", replaced(nginx, directive, value, after), value, after)
    name = re.fullmatch(r"[a-z][\w.-]*\.[a-z]{2,}(?::(\d{1,5}))?", value, re.IGNORECASE)
    if name is None:
        return None
    after = name[1] or "80"
    return Repair("listen", replaced(nginx, directive, value, after), value, after, is_sure=False)


def _hash(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """A table of nginx is too small for the names in the configuration."""
    name, size = match[1], int(match[2])
    after = f"{name} {size * 2};"
    for directive in all_directives(nginx):
        if directive.name == name and directive.args:
            if (file := nginx.file(directive)) is None:
                return None
            change = edits.replace_directive(directive, after)
            before = " ".join((name, *directive.args)) + ";"
            return Repair("hash", ((file.path, change),), before, after)
    changes = _in_http(nginx, after)
    return Repair("hash", changes, "", after) if changes else None


# Names


def _format(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """A log format that is not defined: without it nginx uses `combined`."""
    directive = reported(nginx, message, "access_log")
    if directive is None or len(directive.args) != 2 or directive.args[1] != match[1]:
        return None
    after = f"access_log {directive.args[0]};"
    file = nginx.file(directive)
    changes = ((file.path, edits.replace_directive(directive, after)),) if file else ()
    return Repair("format", changes, match[1], after, is_sure=False)


#: The directives that use a shared memory zone, and those that define it.
_ZONES = {
    "limit_req": "limit_req_zone", "limit_conn": "limit_conn_zone",
    "proxy_cache": "proxy_cache_path", "fastcgi_cache": "fastcgi_cache_path",
    "uwsgi_cache": "uwsgi_cache_path",
}  # fmt: skip


def _zone(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """A zone that is used and not defined: a slip in its name, or its line is missing."""
    name, pattern = match[1], rf"(?:zone=)?{re.escape(match[1])}"
    uses = [
        directive
        for directive in all_directives(nginx)
        if directive.name in _ZONES and any(re.fullmatch(pattern, arg) for arg in directive.args)
    ]
    definitions = {_ZONES[use.name] for use in uses}
    if len(definitions) != 1:
        return None
    defined = {
        zone[1]
        for directive in all_directives(nginx)
        if directive.name in definitions
        for arg in directive.args
        if (zone := re.match(r"(?:keys_)?zone=([^:]+)", arg))
    }
    alike = [zone for zone in defined if len(name) > 2 and is_one_edit_apart(name, zone)]
    if len(alike) == 1:
        changes: Changes = ()
        for use in uses:
            lead = "zone=" if f"zone={name}" in use.args else " "
            changes = (*changes, *replaced(nginx, use, lead + name, lead + alike[0]))
        return Repair("zone", changes, name, alike[0], file_line(uses[0]))
    line = _definition(next(iter(definitions)), name)
    changes = _in_http(nginx, line) if line else ()
    return Repair("new_zone", changes, name, line, file_line(uses[0]), is_sure=False)


def _definition(directive: str, name: str) -> str:
    """Return a line that defines a zone, with usual numbers; "" for a name that cannot stand in
    one. nginx makes the folder of a cache itself, and none above it."""
    if not re.fullmatch(r"[\w.-]{1,60}", name):
        return ""
    if directive.endswith("_cache_path"):
        folder = f"/var/cache/nginx-{name}"
        return f"{directive} {folder} levels=1:2 keys_zone={name}:10m max_size=1g inactive=60m;"
    rate = " rate=10r/s" if directive == "limit_req_zone" else ""
    return f"{directive} $binary_remote_addr zone={name}:10m{rate};"


def _in_http(nginx: Nginx, line: str) -> Changes:
    """Return the change that writes a line into `http`."""
    http = next(
        (directive for directive in all_directives(nginx) if directive.name == "http"), None
    )
    file = nginx.file(http) if http else None
    return ((file.path, edits.insert_first(file.text, http, [line])),) if http and file else ()


#: Variables of nginx's core that configurations use most (ngx_http_variables.c, the proxy module).
_VARIABLES = frozenset({
    "args", "binary_remote_addr", "body_bytes_sent", "connection", "content_length", "content_type",
    "document_root", "document_uri", "host", "hostname", "http_host", "http_upgrade", "https",
    "is_args", "limit_rate", "proxy_host", "proxy_port", "proxy_add_x_forwarded_for",
    "query_string", "realpath_root", "remote_addr", "remote_port", "remote_user", "request",
    "request_body", "request_filename", "request_id", "request_method", "request_time",
    "request_uri", "scheme", "server_addr", "server_name", "server_port", "server_protocol",
    "ssl_protocol", "ssl_server_name", "status", "time_iso8601", "time_local", "uri",
    "upstream_addr", "upstream_cache_status", "upstream_response_time", "upstream_status",
})  # fmt: skip


def _variable(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """A slip in the name of a variable."""
    name = match[1]
    own = {
        arg[1:]
        for directive in all_directives(nginx)
        if directive.name in {"set", "map", "geo"}
        for arg in directive.args[:2]
        if arg.startswith("$") and arg[1:] != name
    }
    alike = [each for each in _VARIABLES | own if len(name) > 3 and is_one_edit_apart(name, each)]
    if len(alike) != 1:
        return None
    changes: Changes = ()
    for directive in all_directives(nginx):
        file = nginx.file(directive)
        head = file.text[directive.start : directive.opened or directive.stop] if file else ""
        for use in re.finditer(rf"\$({re.escape(name)}\b|\{{{re.escape(name)}\}})", head):
            start = directive.start + use.start()
            written = use[0].replace(name, alike[0])
            if file:
                change = TextEdit(start, start + len(use[0]), written)
                changes = (*changes, (file.path, change))
    return Repair("variable", changes, f"${name}", f"${alike[0]}")


def _condition(nginx: Nginx, message: TestMessage, match: re.Match[str]) -> Repair | None:
    """`if $host = x {` lacks its parentheses."""
    directive = reported(nginx, message, "if")
    file = nginx.file(directive) if directive else None
    if directive is None or file is None or directive.args[:1] != (match[1],):
        return None
    words = file.text[directive.start + 2 : directive.opened - 1].strip()
    if not words.startswith("$") or ")" in words or "\n" in words:
        return None
    return Repair("value", replaced(nginx, directive, words, f"({words})"), words, f"({words})")


VALUE_READERS: tuple[tuple[str, Reader], ...] = (
    (r"invalid URL prefix", _scheme),
    (r'upstream "([^"]+)" may not have port (\d+)', _group_port),
    (r'invalid number of arguments in "add_header"', _quotes),
    (r'unknown directive "((?:includeSubDomains|preload|mode=|[\w-]+-(?:src|uri)\b|frame-ancestors)'
     r'[^"]*)"', _cut_value),
    (r'invalid parameter "(\w{2,12})"', _flag),
    (r'invalid parameter "([\w*.:/-]{1,80})"', _cut_value),
    (r'invalid number of arguments in "return"', _divided),
    (r'the size \d+ of shared memory zone "([^"]{1,100})" conflicts with', _zone_size),
    (r'invalid value "([^"]+)" in "(\w+)" directive, it must be "on" or "off"', _switch),
    (r'"(\w+)" directive invalid value', _unit),
    (r'unexpected "(=+)" in condition', _operator),
    (r'invalid condition "(\$[^"]*)"', _condition),
    (r'unknown directive "([a-z]+)([(/:=][^"]*)"', _glued_name),
    (r'(?:host not found|invalid port|no host) in "([^"]+)" of the "listen" directive', _listen),
    (r"could not build \w+, you should increase (?:either \w+: \d+ or )?(\w+_hash_bucket_size): "
     r"(\d{1,7})", _hash),
    (r'unknown log format "([^"]+)"', _format),
    (r'zero size shared memory zone "([^"]+)"', _zone),
    (r'"\w+_cache" zone "([^"]+)" is unknown', _zone),
    (r'unknown "(\w+)" variable', _variable),
)  # fmt: skip
