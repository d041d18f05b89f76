"""Whether the value of a program's own setting fits the site. Pure.

True and False are sure. None stands for a value that cannot be judged: a pattern, a name that has
to be looked up, a part that the program computes.
"""

import re
from collections.abc import Iterable

from diagnose.model import Target
from diagnose.model.applications import Meaning, OwnSetting
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.urls import parse_url

_ON = frozenset({"true", "1", "on", "yes", "xforwarded", "forwarded", "edge", "reencrypt"})
_OFF = frozenset({"false", "0", "off", "no", "none", ""})
_COMPUTED = re.compile(r"[%$]\(|\$\{|\{\{|[\\^|+?]")


def fits(
    setting: OwnSetting, values: tuple[str, ...], target: Target, proxy: str, folder: str
) -> bool | None:
    """Return whether the values let visitors of the target in."""
    meaning: Meaning = setting.means
    if any(_COMPUTED.search(value) for value in values):
        return None
    first = values[0] if values else ""
    match meaning:
        case "host-list":
            return _has_host(values, target)
        case "host":
            return None if not first else first.lower() in {target.host, target.authority}
        case "origin-list":
            return _has_origin(values, target)
        case "proxy-list":
            return _has_address(values, proxy)
        case "proxy-mode" | "switch":
            low = first.lower()
            number = low.isdigit() and int(low[:9]) > 0
            return True if low in _ON or number or len(values) > 1 else _off(low)
        case "external-url":
            return _is_own_origin(first, target)
        case "cookie-domain":
            return _covers_host(first, target)
        case "protocol":
            return None if not first else first.lower() == target.origin.partition(":")[0]
        case "base-path":
            return _is_folder(first, folder)


def _off(value: str) -> bool | None:
    return False if value in _OFF else None


def _covers_host(value: str, target: Target) -> bool:
    """Return whether browsers take a cookie with this Domain from the site, or without any."""
    domain = value.lower().lstrip(".")
    return domain in {"", "null", "none", "false", target.host} or target.host.endswith(
        f".{domain}"
    )


def _has_host(values: Iterable[str], target: Target) -> bool | None:
    for value in values:
        entry = value.strip().lower()
        name = entry.rpartition(":")[0] if re.search(r":\d{1,5}$", entry) else entry
        if entry in {"*", "all", "true", target.authority} or name == target.host:
            return True
        if "*" in entry:
            pattern = re.escape(name).replace(r"\*", r"[a-z0-9.-]*")
            if re.fullmatch(pattern, target.host):
                return True
        if entry.startswith(".") and f".{target.host}".endswith(entry):
            return True
        if entry.startswith("/"):
            return None
    return False


def _has_origin(values: Iterable[str], target: Target) -> bool | None:
    unknown = False
    for value in values:
        entry = value.strip().rstrip("/").lower()
        if entry in {"*", target.origin, target.host, target.authority, f"{target.origin}:443"}:
            return True
        if "*" in entry:
            unknown = True
    return None if unknown else False


def _has_address(values: Iterable[str], proxy: str) -> bool | None:
    if not proxy or not is_address(proxy):
        return None
    # Imported late: few programs are looked at.
    from ipaddress import ip_address, ip_network

    unknown = False
    for value in values:
        if value.strip() in {"*", "0.0.0.0/0"}:
            return True
        try:
            if ip_address(proxy) in ip_network(value.strip(), strict=False):
                return True
        except ValueError:
            unknown = True
    return None if unknown else False


def _is_own_origin(value: str, target: Target) -> bool | None:
    url = parse_url(value)
    if url is None:
        return None
    scheme = "https" if url.secure else "http"
    return (scheme, url.host, url.port) == (
        "https" if target.uses_tls else "http", target.host, target.port,
    )  # fmt: skip


def _is_folder(value: str, folder: str) -> bool | None:
    url = parse_url(value) if "://" in value else None
    path = url.path if url else value
    return path.strip("/") == folder.strip("/")


def right_value(setting: OwnSetting, old: str, target: Target, proxy: str, folder: str) -> str:
    """Return the value that is right for the site, "" if it is not known."""
    plain = {
        "host-list": "{host}", "host": "{host}", "origin-list": "{origin}", "proxy-list": "{proxy}",
        "cookie-domain": "{host}", "proxy-mode": "true", "switch": "true", "protocol": "{scheme}",
        "base-path": "{folder}",
        "external-url": "{origin}" + (_path_of(old) if old else "/"),
    }  # fmt: skip
    return filled(setting.form or plain[setting.means], target, proxy, folder)


def filled(text: str, target: Target, proxy: str, folder: str) -> str:
    """Return a text with what is right here; "" if a part of it is not known."""
    known = {
        "host": target.host, "origin": target.origin, "proxy": proxy,
        "folder": folder.rstrip("/"), "scheme": "https" if target.uses_tls else "http",
    }  # fmt: skip
    if "{proxy}" in text and not proxy:
        return ""
    return re.sub(r"\{(host|origin|proxy|folder|scheme)\}", lambda match: known[match[1]], text)


def _path_of(value: str) -> str:
    """Return the path of an address as it is written, "" without any."""
    return "".join(value.partition("://")[2].partition("/")[1:]).partition("?")[0]
