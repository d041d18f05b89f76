"""The page is a folder without an index file, and nginx does not list folders: it responds 403
(ngx_http_index_module, ngx_http_autoindex_module: "directory index of … is forbidden").

It is a warning: an address of an interface may be meant to have no page.
"""

import posixpath
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._page_errors import page_claim, page_directive, page_error
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine

_NO_INDEX = r'directory index of "([^"]*)" is forbidden'


@check(severity=Severity.WARNING, needs=[LogLine, Exchange])
def index_missing(evidence: Evidence) -> Iterator[Claim]:
    error = page_error(evidence, _NO_INDEX, {403})
    if error is None:
        return
    nginx = Nginx.of(evidence)
    root, index = page_directive(nginx, "root"), page_directive(nginx, "index")
    facts = {
        "folder": posixpath.normpath(error.match[1]),
        "names": index.args if index else ("index.html",),
    }
    yield page_claim(nginx, error, facts, "add-index", root)
