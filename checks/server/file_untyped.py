"""Apache or Caddy sends the file that was asked for without the type that browsers demand of a
module, of WebAssembly or of a style sheet: its list of types has no such ending (mod_mime,
"TypesConfig"; Fetch standard, section 3.6; WebAssembly Web API, "compile a potential WebAssembly
response").

Of the files that a page loads, http.page-file-type says it.
"""

from collections.abc import Iterator

from checks.server import place_text, server_on_port
from checks.server._media_types import media_type_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Subject
from diagnose.model.http import page_exchanges
from diagnose.model.pages import FileKind
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.browser_types import mime_type, refusal
from diagnose.parsers.urls import path_of

#: What a page loads by this ending. A classic script needs a type with `nosniff` alone.
_KINDS: dict[str, FileKind] = {
    "wasm": "wasm", "mjs": "module", "css": "stylesheet", "js": "script"
}  # fmt: skip


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig],
    explains=["http.own-file-type"],
)
def file_untyped(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    for page in page_exchanges(evidence) if view else ():
        path = path_of(page.url)
        ending = path.rpartition("/")[2].rpartition(".")[2].lower()
        kind = _KINDS.get(ending)
        is_html = page.body.lstrip()[:1] == "<" or "html" in mime_type(page.headers)
        if view is None or kind is None or page.status != 200 or is_html:
            continue
        fix = media_type_fix(view, path)
        if fix is None or refusal(kind, 200, page.headers) != "type":
            continue
        site = view.answering_sites[0]
        yield Claim(
            about=Subject(port=evidence.target.port, path=path),
            because=(page, view.server),
            facts={
                **view.facts,
                "file": page.url,
                "extension": ending,
                "type": mime_type(page.headers),
                "place": place_text(site.file, site.line),
            },
            fix=fix,
        )
        return
