"""The last word of `try_files` is an address without its slash ("index.php"): nginx leads the
request there, and joins the folder and the address as they are written (ngx_http_core_module:
"try_files", "root"). It looks for /srv/wwwindex.php, and every address that is no file fails.

The start page works: `index` finds that one. A slash at the end of `root` does not count.
`SCRIPT_FILENAME $document_root/$fastcgi_script_name` hides the mistake.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Nginx, file_line
from checks.nginx._page_errors import page_claim, page_directive, page_error
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import all_locations

_MISSING = (
    r'FastCGI sent in stderr: "Primary script unknown|open(?:at)?\(\) "([^"]{1,500})" failed \(2'
)
#: What the last word may begin with: an address, a named location, a status, a variable.
_OTHER_STARTS = ("/", "@", "=", "$")
_JOINED = ("$document_root$fastcgi_script_name", "$request_filename")


@check(
    severity=Severity.ERROR,
    needs=[LogLine, Exchange],
    explains=[
        "upstream.script-not-found", "http.answer-says-why", "http.server-error",
        "http.redirect-to-error", "http.last-slash", "nginx.own-answer", "nginx.target-not-found",
        "nginx.page-file-not-found", "nginx.file-elsewhere",
    ],
)  # fmt: skip
def fallback_without_slash(evidence: Evidence) -> Iterator[Claim]:
    error = page_error(evidence, _MISSING, {403, 404})
    if error is None:
        return
    nginx = Nginx.of(evidence)
    root, tried = page_directive(nginx, "root"), page_directive(nginx, "try_files")
    last = tried.args[-1] if tried and tried.args else ""
    name = last.partition("?")[0]
    folder = root.args[0].rstrip("/") if root and root.args else ""
    if tried is None or not name or last.startswith(_OTHER_STARTS):
        return
    path = error.match[1] or ""
    is_ours = path == f"{folder}{name}" if path else ".php" in name
    if not folder or not is_ours:
        return
    is_certain = bool(path) or _is_joined(nginx)
    facts = {
        "last": last,
        "place": file_line(tried),
        "looked_for": f"{folder}{name}",
        "meant": f"{folder}/{name}",
    }
    claim = page_claim(nginx, error, facts, "write-the-slash", tried)
    fix = _fix(nginx, tried, last)
    yield replace(
        claim,
        confidence=claim.confidence if is_certain else Confidence.LIKELY,
        fix=fix or claim.fix,
    )


def _is_joined(nginx: Nginx) -> bool:
    """Return whether PHP gets the folder and the address as they are, by each line of the site."""
    values = [
        param.args[1]
        for selected in nginx.selected_servers()
        for match in all_locations(selected.server)
        for param in children(match.block, "fastcgi_param")
        if param.args[:1] == ("SCRIPT_FILENAME",) and len(param.args) > 1
    ]
    return bool(values) and all(value in _JOINED for value in values)


def _fix(nginx: Nginx, tried: Directive, last: str) -> Fix | None:
    # Imported late: a healthy run edits nothing.
    from checks.nginx._commands import reload_steps
    from checks.nginx._edits import config_edits
    from diagnose.parsers.nginx import edits

    file = nginx.file(tried)
    if file is None:
        return None
    line = edits.one_line(file.text, tried).removesuffix(";")
    if not line.endswith(f" {last}"):
        return None
    mended = f"{line.removesuffix(last)}/{last};"
    file_edits = config_edits(nginx, {file.path: [edits.replace_directive(tried, mended)]})
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.AUTOMATIC) if file_edits else None
