"""HAProxy's words about TLS: on the `bind` line of the target, and the defaults of such lines in
`global` (Configuration Manual, sections 3.1 and 5.1)."""

import re
from collections.abc import Callable

from checks.server import ServerView, indentation, line_text
from checks.server._haproxy import haproxy_view
from checks.tls._cipher_lists import extended_list

_DEFAULTS = ("ssl-default-bind-options", "ssl-default-bind-ciphers", "ssl-default-bind-curves")
_NO_CURRENT = re.compile(
    r"\s+(?:force-(?:sslv3|tlsv1[0123])|no-tlsv1[23]|ssl-max-ver\s+\S+)(?=\s|$)"
)
_MINIMUM = re.compile(r"(\sssl-min-ver\s+)\S+")
_FORCED = re.compile(r"\s+force-(?:sslv3|tlsv1[0123])(?=\s|$)")
_CIPHERS = re.compile(r"((?:\s|^)(?:ciphers|ssl-default-bind-ciphers)\s+)(\S+)")
_GROUPS = re.compile(r"\s+(?:curves|ecdhe)\s+\S+")
_SERVER_TLS = re.compile(
    r"\s+(?:no-)?(?:ssl|ssl-reuse|tls-tickets)(?=\s|$)|"
    r"\s+(?:verify|verifyhost|ca-file|crl-file|crt|sni|alpn|ciphers|ciphersuites|ssl-min-ver|"
    r"ssl-max-ver)\s+\S+"
)
_VERIFY = re.compile(r"(\sverify\s+)required(?=\s|$)")


def without_tls(line: str) -> str:
    """Return a `server` line without its words about TLS to the server (Configuration Manual,
    section 5.2); the same line if it says how to check the server, too, or has quotes."""
    body, mark, comment = line.partition(" #")
    words = body.split()
    if words[:1] != ["server"] or "ssl" not in words or re.search(r"[\"'\\]|\scheck-s", body):
        return line
    return f"{_SERVER_TLS.sub('', body)}{mark}{comment}"


def with_name(line: str, old: str, new: str) -> str:
    """Return a `server` line that wants another name of the server's certificate."""
    named = re.escape(old)
    line = re.sub(rf"(\sverifyhost\s+){named}(?=\s|$)", rf"\g<1>{new}", line)
    return re.sub(rf"(\ssni\s+str\(){named}\)", rf"\g<1>{new})", line)


def changes(view: ServerView, purpose: str) -> dict[str, dict[int, tuple[str, ...]]]:
    """Return the lines to write: the `bind` line if it has such a word, else the line of `global`
    that gives the default."""
    haproxy = haproxy_view(view.evidence)
    if haproxy is None or not haproxy.proxies.tls:
        return {}
    bind, change = haproxy.proxies.bind, _CHANGES[purpose]
    defaults = [
        line
        for section in haproxy.proxies.config.sections
        if section.kind == "global"
        for line in section.lines
        if line.keyword in _DEFAULTS
    ]
    for line in (bind, *defaults):
        text = line_text(view, line.file, line.number)
        body, mark, comment = text.partition(" #")
        changed = change(body)
        if changed != body:
            end = f"{mark}{comment}" if mark else ""
            return {line.file: {line.number: (f"{changed}{end}",)}}
    if purpose == "no-old-versions" and "ssl-min-ver" not in bind.words:
        text = line_text(view, bind.file, bind.number)
        if text and "#" not in text:
            return {bind.file: {bind.number: (f"{text.rstrip()} ssl-min-ver TLSv1.2",)}}
    return {}


def _current_versions(text: str) -> str:
    return _NO_CURRENT.sub("", text)


def _no_old_versions(text: str) -> str:
    minimum = _MINIMUM.search(text)
    return _MINIMUM.sub(r"\1TLSv1.2", _FORCED.sub("", text)) if minimum else text


def _older_clients(text: str) -> str:
    return re.sub(r"\s+force-tlsv13(?=\s|$)|\s+no-tlsv12(?=\s|$)", "", _no_old_versions(text))


def _newest_version(text: str) -> str:
    return re.sub(r"\s+(?:force-tlsv12|no-tlsv13|ssl-max-ver\s+TLSv1\.2)(?=\s|$)", "", text)


def _usual_groups(text: str) -> str:
    if text.split()[:1] == ["ssl-default-bind-curves"]:
        indent = indentation(text)
        return f"{indent}# {text.strip()}"
    return _GROUPS.sub("", text)


def _more_suites(text: str) -> str:
    return _CIPHERS.sub(lambda match: f"{match[1]}{extended_list(match[2])}", text)


def _no_client_certificate(text: str) -> str:
    return _VERIFY.sub(r"\1none", text)


_CHANGES: dict[str, Callable[[str], str]] = {
    "current-versions": _current_versions,
    "no-old-versions": _no_old_versions,
    "older-clients": _older_clients,
    "newest-version": _newest_version,
    "usual-groups": _usual_groups,
    "more-suites": _more_suites,
    "no-client-certificate": _no_client_certificate,
}
