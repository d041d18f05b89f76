"""What `caddy reverse-proxy` and `caddy file-server` serve, as the JSON that these commands make of
their options (Caddy, "Command Line"). They read no file, and their admin API is off. No I/O."""

import posixpath

from diagnose.parsers.caddy.caddyfile import address_of
from diagnose.parsers.command_options import parse_command_line

#: Options that take a value, of both commands.
_VALUED = {"--from", "-f", "--to", "-t", "--domain", "-d", "--root", "-r", "--listen", "-l"}

#: Maximum number of applications.
_MAX_UPSTREAMS = 50


def command_document(title: str, folder: str = "") -> dict[str, object] | None:
    """Return the configuration of a command line; None if it is another command of Caddy's, or its
    options are not understood. `folder` is the working directory, at which a relative path
    begins."""
    words = title.split()
    values, _ = parse_command_line(" ".join(words[1:]), _VALUED)
    command = words[1] if len(words) > 1 else ""
    if command == "reverse-proxy":
        return _proxy_document(values)
    return _files_document(values, folder) if command == "file-server" else None


def _proxy_document(values: dict[str, list[str]]) -> dict[str, object] | None:
    origin = "".join(_all(values, "--from", "-f")[-1:]) or "localhost"
    address = address_of(origin)
    targets = [part for value in _all(values, "--to", "-t") for part in value.split(",") if part]
    if address is None or not targets:
        return None
    is_tls = any(target.startswith("https://") for target in targets)
    upstreams = [{"dial": dial} for target in targets[:_MAX_UPSTREAMS] if (dial := _dial(target))]
    handler: dict[str, object] = {"handler": "reverse_proxy", "upstreams": upstreams}
    if is_tls:
        insecure = {"insecure_skip_verify": True} if "--insecure" in values else {}
        handler["transport"] = {"protocol": "http", "tls": insecure}
    if {"--change-host-header", "-c"} & set(values):
        host = ["{http.reverse_proxy.upstream.hostport}"]
        handler["headers"] = {"request": {"set": {"Host": host}}}
    is_plain = address.scheme == "http"
    port = address.port or (80 if is_plain or not address.host else 443)
    return _document(address.host, f":{port}", handler, is_plain)


def _files_document(values: dict[str, list[str]], folder: str) -> dict[str, object] | None:
    domain = "".join(_all(values, "--domain", "-d")[-1:])
    listen = "".join(_all(values, "--listen", "-l")[-1:])
    root = posixpath.join(folder, "".join(_all(values, "--root", "-r")[-1:]))
    if not root.startswith("/"):
        return None
    handler: dict[str, object] = {"handler": "file_server", "root": posixpath.normpath(root)}
    handlers: list[dict[str, object]] = [{"handler": "vars", "root": posixpath.normpath(root)}]
    return _document(domain, listen or (":443" if domain else ":80"), handler, False, handlers)


def _document(
    host: str,
    listen: str,
    handler: dict[str, object],
    is_plain: bool,
    before: list[dict[str, object]] | None = None,
) -> dict[str, object]:
    route: dict[str, object] = {"handle": [*(before or []), handler]}
    if host:
        route["match"] = [{"host": [host]}]
    server: dict[str, object] = {"listen": [listen], "routes": [route]}
    if is_plain:
        server["automatic_https"] = {"disable": True}
    return {"admin": {"disabled": True}, "apps": {"http": {"servers": {"srv0": server}}}}


def _all(values: dict[str, list[str]], *names: str) -> list[str]:
    return [value for name in names for value in values.get(name, ())]


def _dial(target: str) -> str:
    """Return the address that is dialled; "" if it is not understood."""
    scheme, mark, rest = target.partition("://")
    address = address_of(rest if mark else target)
    if address is None:
        return ""
    port = address.port or (443 if mark and scheme == "https" else 80)
    return f"{address.host or 'localhost'}:{port}"
