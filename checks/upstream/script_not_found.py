"""PHP-FPM does not find the script that nginx names in SCRIPT_FILENAME: "Primary script unknown",
and visitors get 404 "File not found."

The path that PHP gets is `$document_root$fastcgi_script_name`. It is wrong if `root` is missing or
names another folder, or if PHP runs elsewhere (in a container) and sees other folders.
"""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._page_errors import page_claim, page_directive, page_error
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine

_UNKNOWN = r'FastCGI sent in stderr: "Primary script unknown'
_DENIED = r"FastCGI sent in stderr: \"(?:Access to the script '([^']*)' has been denied)"


@check(
    severity=Severity.ERROR,
    needs=[LogLine, Exchange],
    explains=["http.server-error", "http.redirect-to-error", "http.answer-says-why"],
)
def script_not_found(evidence: Evidence) -> Iterator[Claim]:
    denied = page_error(evidence, _DENIED, {403})
    error = denied or page_error(evidence, _UNKNOWN, {404, 403})
    if error is None:
        return
    nginx = Nginx.of(evidence)
    root = page_directive(nginx, "root") or page_directive(nginx, "alias")
    facts = {
        "denied": denied is not None,
        "folder": root.args[0] if root and root.args else "",
        "application": error.line.upstream.partition("://")[2],
    }
    yield page_claim(nginx, error, facts, "correct-the-path", root)
