"""The addresses in the message of a visitor's browser: where the page, a script or an answer of the
application led it."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from diagnose.model import Evidence
from diagnose.parsers.nginx.locations import proxy_set_header_of

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
)
_SERVERS = re.compile(r"upstream|client: |dial tcp|\[(?:error|crit|emerg)\]")

#: What an application makes its own addresses of, and the variable of nginx that holds the name of
#: the machine (ngx_http_core_module, "$hostname").
_FIELDS, _MACHINE = ("X-Forwarded-Host", "Host"), "$hostname"


def told_addresses(evidence: Evidence) -> Iterator[str]:
    """Yield the addresses that the message of a browser names."""
    symptom = evidence.target.symptom
    if symptom is None:
        return
    text = symptom.text
    is_of_browser = _BROWSERS.search(text) is not None and _SERVERS.search(text) is None
    for match in _URL.finditer(text) if is_of_browser else ():
        # A long message is shown in part: an address that was cut is not the one that it named.
        url = _whole(match[0], symptom.message) if match[0].endswith("…") else match[0]
        if url:
            yield url.rstrip(".,;:)]}")


def _whole(cut: str, message: str) -> str:
    """Return the address of the whole message that begins with a cut one, "" if there is none."""
    urls = (match[0] for match in _URL.finditer(message))
    return next((url for url in urls if url.startswith(cut.removesuffix("…"))), "")


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
