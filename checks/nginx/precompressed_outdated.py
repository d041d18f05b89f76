"""nginx sends an old compressed copy in the place of a file (ngx_http_gzip_static_module: "It is
recommended that the modification date and time of original and compressed files be the same").
Every browser gets the copy, and curl gets the new file.

A deployment that replaces the files alone leaves the copies of before.
"""

import shlex
from collections.abc import Iterator, Sequence

from checks.nginx import NO_PORT, Nginx, file_line
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    commands,
)
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.site_folders import PrecompressedFile
from diagnose.parsers.urls import parse_url

_ENDINGS = {".gz": ("gzip_static", "gzip -9 -k -f"), ".br": ("brotli_static", "brotli -k -f")}
_ZSTD = ("zstd_static", "zstd -k -f")


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, PrecompressedFile],
    explains=["http.page-file-missing", "http.file-integrity", "nginx.page-file-not-found"],
)
def precompressed_outdated(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    copies = sorted(evidence.good(PrecompressedFile), key=lambda copy: copy.differs is None)
    if not copies:
        return
    first = copies[0]
    name, command = _ENDINGS.get(first.copy_path[-3:], _ZSTD)
    directive = _directive(nginx, first, name)
    yield Claim(
        about=Subject(text=first.copy_path),
        covers=(NO_PORT,),
        because=(*copies, *nginx.configs),
        confidence=Confidence.CERTAIN if first.differs else Confidence.POSSIBLE,
        severity=None if first.differs else Severity.NOTE,
        location=nginx.location(directive) if directive else None,
        facts={
            "url": first.url,
            "path": first.path,
            "copy": first.copy_path,
            "others": tuple(copy.copy_path for copy in copies[1:]),
            "minutes": max(1, first.older_by // 60),
            "differs": first.differs is True,
            "directive": directive.text if directive else name,
            "place": file_line(directive) if directive else "",
            "command": f"{command} {shlex.quote(first.path)}",
        },
        fix=_fix(nginx, copies),
    )


def _fix(nginx: Nginx, copies: Sequence[PrecompressedFile]) -> Fix:
    """Write the copies anew; a person does so where nginx sees other paths than the server. Whether
    a copy should be there at all, a person confirms."""
    if nginx.master and nginx.master.container:
        return Fix((Manual("compress-again", Where.SERVER),), Applicability.MANUAL)
    steps = (
        commands.compress(
            (*_ENDINGS.get(copy.copy_path[-3:], _ZSTD)[1].split(), copy.path), copy.copy_path
        )
        for copy in copies
    )
    return Fix((*steps, Manual("each-time", Where.SERVER)), Applicability.REVIEW)


def _directive(nginx: Nginx, copy: PrecompressedFile, name: str) -> Directive | None:
    url = parse_url(copy.url)
    for match in nginx.location_matches(url.path.partition("?")[0]) if url else ():
        if directive := match.directive(name):
            return directive
    return None
