"""Collects the host names in evidence by the marks of the fields that hold them."""

import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from diagnose.model import Evidence
from diagnose.model.marks import Mark
from diagnose.parsers.filing_blocks import REDIRECT_PAGES
from diagnose.parsers.parked_domains import parking_servers
from diagnose.recording.field_marks import marked_values
from diagnose.recording.redaction_nginx import is_kept_directive

#: Domains of public certificate authorities. They are the same for everybody, and checks compare
#: them with CAA records.
_PUBLIC_AUTHORITIES = (
    "actalis.it", "amazontrust.com", "buypass.com", "certum.pl", "comodoca.com", "digicert.cn",
    "digicert.com", "entrust.net", "globalsign.com", "godaddy.com", "identrust.com", "lencr.org",
    "letsencrypt.org", "pki.goog", "rapidssl.com", "sectigo.com", "ssl.com", "starfieldtech.com",
    "swisssign.net", "trust-provider.cn", "trust-provider.com", "trustasia.com", "usertrust.com",
    "wotrus.com", "zerossl.com",
)  # fmt: skip

#: Hosts of providers' own pages, by which checks recognize them.
_PROVIDER_HOSTS = frozenset(page.host for page in REDIRECT_PAGES)

_SERVER_NAME = re.compile(r"\bserver_name\s")
_HOST_IN_URL = re.compile(r"://(?:[^/\s\"'@]{0,200}@)?([\w.-]{1,253})")
_ENDPOINT = re.compile(
    r"(?:^|[\s;{}])(?:upstream|server|\w{1,20}_pass)\s+([\w.-]{1,253})(?=[;{\s]|:(?!//))"
)
#: A comment may end with the word "server", and a directive follows on the next line.
_COMMENT = re.compile(r"(?m)(?:^|(?<=\s))#[^\n]*")
#: A host alone, perhaps with a port.
_BARE_HOST = re.compile(r"([\w-]+(?:\.[\w-]+)*)(?::\d+)?")
#: What nginx says of a host that it cannot resolve.
_UNRESOLVED = re.compile(
    r"host not found in [\w ]{1,40}\"([\w.-]{1,253})|([\w.-]{1,253}) could not be resolved"
)
#: A host in the value of an Alt-Svc field (RFC 7838 section 3).
#: Header fields whose values are URLs or origins.
_URL_FIELDS = {"location", "content-location", "origin", "access-control-allow-origin"}
_ALTERNATIVE = re.compile(r"=\"([\w.-]{1,253}):\d")
#: The greeting of a mail or FTP server begins with its name (RFC 5321 section 4.2, RFC 959).
_GREETING = re.compile(r"\d{3}[ -]([\w-]+(?:\.[\w-]+)+)")
_COMMON_NAME = re.compile(r"\bCN=([\w*-]+(?:\.[\w-]+)+)")
_REGISTRY = re.compile(r"([\w.-]{1,253})(?::\d{1,5})?/")
_DOTTED_NAME = re.compile(r"[\w*-]+(?:\.[\w-]+)+\.?")


def host_names(evidence: Evidence) -> Iterator[str]:
    """Yield every host name in the evidence that is masked wherever it occurs."""
    return (name for name in _named_hosts(evidence) if parking_servers(name) is None)


def _named_hosts(evidence: Evidence) -> Iterator[str]:
    for mark, value in _marked_values(evidence):
        match mark:
            case "machine":
                yield value
            case "domain" if "." in value:
                yield value
            case "record" | "address" if _DOTTED_NAME.fullmatch(value):
                yield value
            case "distinguished-name":
                yield from (match[1] for match in _COMMON_NAME.finditer(value))
            case "first-bytes" if greeting := _GREETING.match(value):
                yield greeting[1]
            case "configuration-text":
                yield from _server_names(value)


def upstream_hosts(evidence: Evidence) -> Iterator[str]:
    """Yield every host of an upstream, a redirect or a server in the evidence. A host without a dot
    ("app") may be an ordinary word, so it is masked only where a host can be."""
    return (host for host in _hosts_of_upstreams(evidence) if host not in _PROVIDER_HOSTS)


def _hosts_of_upstreams(evidence: Evidence) -> Iterator[str]:
    for mark, value in _marked_values(evidence):
        match mark:
            case "host" | "url":
                yield from _hosts_in(value)
                if bare := _BARE_HOST.fullmatch(value):
                    yield bare[1]
            case "authority-url":
                yield from (host for host in _hosts_in(value) if not _is_public_authority(host))
            case "command":
                yield from _hosts_in(value)
            case "headers":
                yield from _hosts_in_headers(value)
            case "nginx-message":
                yield from _hosts_in(value)
                yield from (match[1] or match[2] for match in _UNRESOLVED.finditer(value))
            case "image" if (registry := _REGISTRY.match(value)) and "." in registry[1]:
                yield registry[1]
            case "configuration-text":
                yield from _hosts_in(value)
                statements = _COMMENT.sub("", value)
                yield from (match[1] for match in _ENDPOINT.finditer(statements))


def _marked_values(evidence: Evidence) -> Iterator[tuple[Mark, Any]]:
    yield from marked_values((evidence.target, evidence.observations))


def _hosts_in(text: str) -> Iterator[str]:
    yield from (match[1] for match in _HOST_IN_URL.finditer(text))


def _hosts_in_headers(headers: tuple[tuple[str, str], ...]) -> Iterator[str]:
    for name, value in headers:
        if name.lower() in _URL_FIELDS:
            yield from _hosts_in(value)
        elif name.lower() == "alt-svc":
            yield from (match[1] for match in _ALTERNATIVE.finditer(value))


def _is_public_authority(host: str) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in _PUBLIC_AUTHORITIES)


def _server_names(text: str) -> Iterator[str]:
    """Yield the names in an nginx file, without a parsed tree."""
    for statement in re.split(r"[;{}]", text):
        directive = _SERVER_NAME.search(statement)
        words = statement[directive.end() :].split() if directive else ()
        # Where a semicolon is missing, the next directive follows.
        names = takewhile(lambda word: not is_kept_directive(word), words)
        yield from (name for name in names if re.fullmatch(r"[\w.*-]+", name))
