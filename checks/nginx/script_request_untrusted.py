"""A script in nginx asks another server over TLS, and nginx does not trust that server's
certificate: neither njs nor Lua reads the system's authorities (ngx_http_js_module,
"js_fetch_trusted_certificate"; lua-nginx-module, "lua_ssl_trusted_certificate").

The request then fails in the script, so the page is an error, and the proxied application is well.
"""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._page_errors import page_claim, page_directive, page_error
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine

#: ngx_js_fetch; ngx_http_lua_ssl_handshake_handler. The number is OpenSSL's (X509_V_ERR_…).
_UNTRUSTED = (
    r"(?:(js) (?:http )?fetch SSL|lua ssl) certificate verify error: \((\d{1,3}): ?([^)]{1,120})\)"
)
#: The issuer is missing (20), or the certificate was alone and could not be verified (21).
_NO_ISSUER = {"20", "21"}
#: What a failed script answers, or makes of it.
_FAILED = frozenset(range(400, 600))


@check(
    severity=Severity.ERROR,
    needs=[LogLine, Exchange],
    explains=["http.server-error", "nginx.own-answer", "http.redirect-to-error"],
)
def script_request_untrusted(evidence: Evidence) -> Iterator[Claim]:
    error = page_error(evidence, _UNTRUSTED, _FAILED)
    if error is None:
        return
    nginx, is_js = Nginx.of(evidence), bool(error.match[1])
    name = "js_fetch_trusted_certificate" if is_js else "lua_ssl_trusted_certificate"
    directive = page_directive(nginx, name)
    facts = {
        "js": is_js,
        "directive": name,
        "reason": error.match[3],
        "unset": directive is None,
        "no_issuer": error.match[2] in _NO_ISSUER,
        "file": directive.args[0] if directive and directive.args else "",
    }
    yield page_claim(nginx, error, facts, "trust", directive)
