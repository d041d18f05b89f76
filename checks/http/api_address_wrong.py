"""An answer for programs names an address of the site itself that they cannot use: with http:,
with its port twice, or of a machine inside. It is that of the token service in the answer 401 of a
registry (WWW-Authenticate: Bearer realm="…", Docker Registry HTTP API), or those of a login
(OpenID Connect Discovery section 4, OAuth 2.0 metadata: RFC 8414).

`docker login` and `docker push` fail then, and clients refuse the issuer. Usual reason: the
application behind the proxy does not know how visitors come, or is told the port twice.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.parsers.nginx.locations import proxy_pass_of, proxy_set_header_of
from diagnose.parsers.sanitize import clean
from diagnose.parsers.urls import is_internal_host, is_related_host, parse_url

_SCHEME = "X-Forwarded-Proto"
_REALM = re.compile(
    r'\bBearer\b[^"]{0,200}(?:"[^"]{0,300}"[^"]{0,40}){0,4}?\brealm="([^"]{1,500})"', re.I
)
_METADATA = re.compile(
    r'"(?:issuer|authorization_endpoint|token_endpoint|userinfo_endpoint|jwks_uri)"\s{0,9}:'
    r'\s{0,9}"((?:[^"\\]|\\/){1,500})"'
)
_DOCUMENTS = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")
#: https://shop.example.com:5001:5001/…, which is no address.
_TWICE = re.compile(r"https?://([^/:?#]{1,253}):(\d{1,5}):\2(?=[/?#]|$)", re.I)


@check(severity=Severity.ERROR, needs=[Exchange])
def api_address_wrong(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    if not target.uses_tls or is_internal_host(target.host):
        return
    named = [(page, text) for page in page_exchanges(evidence) for text in _addresses(page)]
    wrong = [
        (page, text, fault_kind)
        for page, text in named
        if (fault_kind := _fault(text, target.host))
    ]
    if not wrong:
        return
    from checks.http._forwarded_scheme import forwarded_scheme, server_fix

    pages = tuple(dict.fromkeys(page for page, _, _ in wrong))
    page, address, fault = wrong[0]
    subjects, nginx = endpoint_subjects(pages), Nginx.of(evidence)
    scheme_place = forwarded_scheme(evidence, target.path) if fault == "plain" else ""
    match = next(iter(nginx.location_matches(target.path)), None)
    directive = (
        match
        and (
            (fault == "twice" and proxy_set_header_of(match, "X-Forwarded-Host"))
            or proxy_pass_of(match)
        )
    ) or None
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *([nginx.config] if nginx.config and directive else [])),
        confidence=Confidence.CERTAIN,
        location=nginx.location(directive) if directive else None,
        facts={
            "url": page.url,
            "address": clean(address, 200),
            "host": target.host,
            "place": file_line(directive) if directive else "",
            "told": scheme_place,
            "token": page.status == 401,
            **{name: name == fault for name in ("plain", "twice", "inside")},
        },
        fix=(
            None
            if match or fault == "twice"
            else server_fix(
                evidence, target.path, _SCHEME, *(["Host"] if fault == "inside" else [])
            )
        )
        or _fix(nginx, fault, bool(scheme_place)),
    )


def _addresses(page: Exchange) -> Iterator[str]:
    """Yield the addresses that a program uses next."""
    if page.status == 401:
        fields = (value for name, value in page.headers if name.lower() == "www-authenticate")
        yield from (match[1] for value in fields if (match := _REALM.search(value[:4096])))
    elif page.status == 200 and page.url.partition("?")[0].endswith(_DOCUMENTS):
        yield from (match[1].replace("\\/", "/") for match in _METADATA.finditer(page.body))


def _fault(address: str, host: str) -> str:
    """Return what is wrong about an address of the site; "" if nothing is, or if it is another
    site's."""
    if (twice := _TWICE.match(address)) and is_related_host(host, twice[1].lower()):
        return "twice"
    url = parse_url(address)
    if url is None or not address.startswith("http"):
        return ""
    if is_internal_host(url.host) or ("." not in url.host and ":" not in url.host):
        return "inside"
    return "plain" if not url.secure and is_related_host(host, url.host) else ""


def _fix(nginx: Nginx, fault: str, is_told: bool) -> Fix:
    """Tell the application how visitors come, if nginx does not do so yet."""
    changes: Changes = {}
    matches = list(nginx.location_matches(nginx.evidence.target.path))
    if len(matches) == 1 and proxy_pass_of(matches[0]) and not is_told and fault != "twice":
        fields = {"X-Forwarded-Proto": "$scheme"}
        if fault == "inside" and not _location_edits.sends_field(nginx, matches[0], "Host"):
            fields["Host"] = _location_edits.host_variable(nginx.evidence.target)
        missing = {
            name: value
            for name, value in fields.items()
            if not _location_edits.sends_field(nginx, matches[0], name)
        }
        lines = _location_edits.header_lines(nginx, matches[0], missing, changes) if missing else []
        if lines:
            _location_edits.insert_lines(nginx, matches[0], lines, changes)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        step = "without-the-port" if fault == "twice" else "own-address"
        return Fix((Manual(step, Where.APPLICATION),), Applicability.MANUAL)
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW)
