"""The addresses in the message of a visitor's browser: where the page, a script or an answer of the
application led it."""

import re
from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Nginx, file_line
from diagnose.model import Evidence
from diagnose.parsers.nginx.locations import proxy_set_header_of
from diagnose.parsers.site_names import is_placeholder, with_own_name
from diagnose.parsers.urls import parse_url

#: Firefox quotes an address with “ and ”, or with the marks of the reader's language.
_URL = re.compile(r"(?<![A-Za-z0-9])(?:https?|wss?)://[^\s\"'<>`，。“”„‘’‚«»「」『』（）]{1,500}")

#: Words of browsers about an address (Chromium; Firefox's security.properties; WebKit's
#: MixedContentChecker), and of servers, whose addresses are the applications'.
_BROWSERS = re.compile(
    r"net::ERR_|NS_ERROR|Failed to (?:load|fetch)|WebSocket connection to|XMLHttpReq"
    r"|Content Security Policy|an insecure |insecure endpoint|(?i:mixed content)"
    r"|(?i:mixed (?:\(insecure\) )?(?:active|display)) content|insecure content from"
    r"|Cross-Origin Request Blocked|已拦截跨源请求|Loading failed for the <"
    r"|混合.{0,9}内容"
    # What a person says of an address at which the browser arrived.
    r"|(?i:\bredirect(?:ed|s|ing)?\b[^.\n]{0,40} to )|(?:跳转|重定向)(?:到|至)"
)
#: How many characters before and behind an address a browser's words about it stand, and the words
#: of a server, or of its configuration.
_NEAR, _AROUND = 300, 60
_SERVERS = re.compile(
    r"upstream|client: |dial tcp|\[(?:error|crit|emerg)\]"
    r"|\b(?i:proxy_pass|proxypass(?:reverse)?|reverse_proxy|balancermember)\b"
)

#: A policy that the message quotes: what stands in it is allowed, and need not be asked for.
_POLICY = re.compile(
    r"(?i)\b(?:[a-z]{3,10}-(?:src|ancestors|action)(?:-elem|-attr)?) [^;\"”()]{0,280}$"
)

#: What an application makes its own addresses of, and the variable of nginx that holds the name of
#: the machine (ngx_http_core_module, "$hostname").
_FIELDS, _MACHINE = ("X-Forwarded-Host", "Host"), "$hostname"


def reported_addresses(evidence: Evidence) -> Iterator[str]:
    """Yield the addresses that the message of a browser names: those with a placeholder in the
    place of the site's name, such as "http://mydomain.tld/api", with that name."""
    symptom, target = evidence.target.symptom, evidence.target
    if symptom is None:
        return
    text = with_own_name(symptom.text, target.host)
    for match in _URL.finditer(text):
        start, end = match.span()
        before = text[max(start - _NEAR, 0) : start]
        if _POLICY.search(before):
            continue
        around = before[-_AROUND:] + text[end : end + _AROUND]
        if _BROWSERS.search(f"{before}{text[start : end + _NEAR]}") and not _SERVERS.search(around):
            # A text that was pasted short ends within an address: it is not the one that it named.
            url = match[0].rstrip(".,;:)]}")
            if not url.endswith("…"):
                yield _own_address(url, target.host)


def _own_address(text: str, host: str) -> str:
    url = parse_url(text)
    return str(replace(url, host=host)) if url and is_placeholder(url.host, host) else text


def machine_name_line(evidence: Evidence) -> tuple[str, str]:
    """Return the field in which nginx tells the application the machine's name in place of the
    visitor's host, and the line; "" twice if it does not."""
    nginx = Nginx.of(evidence)
    for match in nginx.location_matches(evidence.target.path):
        for field in _FIELDS:
            directive = proxy_set_header_of(match, field)
            if directive is not None and directive.args[1:] == (_MACHINE,):
                return field, file_line(directive)
    return "", ""
