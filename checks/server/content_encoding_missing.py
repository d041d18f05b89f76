"""A page loads files that were compressed when it was built ("game.wasm.br"), and Apache or Caddy
sends them as any file, without Content-Encoding: the browser does not decompress them. Unity's
builds for browsers do so, and say it (docs.unity3d.com, "Server configuration code samples").

The message names the file; that no line adds such a field for it, the configuration says.
"""

import posixpath
import re
from collections.abc import Iterator

from checks.server import ServerView, file_rows, manual_fix, reload_steps, server_on_port
from checks.server._near_routes import is_passed_on
from checks.server._scoped_fields import inserted_edit
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.browser_types import TYPES_BY_ENDING

_FILE = re.compile(
    r"Unable to parse (?:https?://[^\s/]{1,260}/)?(?P<path>[\w./~%-]{1,300}\.(?:js|wasm|data)"
    r"\.(?P<coding>br|gz))!"
)
_CODINGS = {"br": "br", "gz": "gzip"}
#: The types of the files within (Unity's documentation; RFC 9239).
_TYPES = {"js": TYPES_BY_ENDING["js"], "wasm": "application/wasm",
          "data": "application/octet-stream"}  # fmt: skip


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    needs_message=True,
)
def content_encoding_missing(evidence: Evidence) -> Iterator[Claim]:
    symptom, view = evidence.target.symptom, server_on_port(evidence)
    message = _FILE.search(symptom.text) if symptom else None
    if message is None or view is None or len(view.answering_sites) != 1:
        return
    (site,), coding = view.answering_sites, message["coding"]
    folder = posixpath.dirname(evidence.target.path_without_query)
    path = posixpath.normpath(posixpath.join(folder, message["path"]))
    if view.server.product not in {"apache", "caddy"} or is_passed_on(site, path):
        return
    if _is_marked(view, coding):
        return
    subject, edit = Subject(port=evidence.target.port), _edit(view, coding)
    yield Claim(
        about=subject,
        covers=(subject,),
        because=(view.server, *((view.config,) if view.config else ())),
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "path": path,
            "ending": coding,
            "coding": _CODINGS[coding],
            "apache": view.server.product == "apache",
            "url": evidence.target.origin + path,
        },
        fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        if edit
        else manual_fix(view, "mark-the-files"),
    )


def _is_marked(view: ServerView, coding: str) -> bool:
    """Return whether a line names the encoding of such files: mod_mime's `AddEncoding`, or a field
    of mod_headers or Caddy."""
    lines = (
        line.strip() for file in (view.config.files if view.config else ())
        for line in file_rows(view, file)
    )  # fmt: skip
    added = re.compile(rf"(?i)AddEncoding\s+\S+\s.{{0,200}}\b{coding}\b")
    field = re.compile(rf"(?i)(?:Header\s.{{0,200}})?Content-Encoding\s+\"?{_CODINGS[coding]}\b")
    return any(added.match(line) or field.search(line) for line in lines)


def _edit(view: ServerView, coding: str) -> Edit | None:
    """Return the edit for all files of such a build: an archive beside them stays one."""
    value = _CODINGS[coding]
    if view.server.product == "caddy":
        # A path matcher without a name begins with a slash (Caddyfile, "Matcher tokens").
        rows = [
            row
            for kind, media_type in _TYPES.items()
            for name in (f"@{kind}_{coding}",)
            for row in (
                f"{name} path *.{kind}.{coding}",
                f"header {name} Content-Type {media_type}",
                f"header {name} Content-Encoding {value}",
            )
        ]
        return inserted_edit(view, rows)
    types = [f"    AddType {media_type} .{kind}" for kind, media_type in _TYPES.items()]
    return inserted_edit(
        view,
        [
            f'<FilesMatch "\\.(?:{"|".join(_TYPES)})\\.{coding}$">',
            f"    RemoveType .{coding}",
            f"    AddEncoding {value} .{coding}",
            *types,
            "</FilesMatch>",
        ],
    )
