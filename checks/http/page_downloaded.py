"""The page reaches the browser under a type with which it is not shown: it is downloaded, or its
source is shown (MIME Sniffing standard, section 7: neither type is sniffed as HTML).

Text that is no document (JSON) may be meant to be saved; after a message that it is downloaded in
the place of being shown it is told too.

nginx sends `default_type` for a file whose type it does not know. The source of a PHP page comes if
nginx serves the file itself and does not pass it to PHP. Chromium was asked about each row of the
test.
"""

import re
from collections.abc import Iterator

from checks.http import _page_files, endpoint_subjects, shown_pages
from checks.nginx import Nginx
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
from diagnose.model.http import Exchange
from diagnose.parsers.browser_types import mime_type
from diagnose.parsers.http import document_kind
from diagnose.parsers.urls import parse_url

#: Types that browsers download, and the one whose source they show.
_DOWNLOADED = {"application/octet-stream", "application/x-httpd-php", "application/x-php"}
_SHOWN = "text/plain"

#: Alibaba Cloud OSS says so, where it forces the download.
_FORCED = "x-oss-force-download"
#: Messages about an answer that is saved and not shown, and the beginning of a text.
_SAVED = re.compile(
    r"(?:变成|成了|而是|自动|直接|就|让|是|被)\s{0,2}下载|下载了(?:一个)?文件"
    r"|\bdownload(?:s|ed|ing)? instead|\bdownload(?:s|ed|ing) (?:a |the |it |as )"
    r"|\b(?:asks?|prompts?|offers?|wants?|forces?)\b.{0,20}\bdownload"
    r"|instead of (?:being )?(?:show|display|render|open)",
    re.IGNORECASE,
)
_TEXT = re.compile(r"[\t\n\r -~\u00a0-\ufffc]{1,512}")


@check(severity=Severity.ERROR, needs=[Exchange])
def page_downloaded(evidence: Evidence) -> Iterator[Claim]:
    pages = tuple(
        exchange
        for exchange in shown_pages(evidence)
        if exchange.status == 200
        and (_is_not_shown(exchange) or _is_saved_text(evidence, exchange))
    )
    if not pages:
        return
    subjects, first = endpoint_subjects(pages), pages[0]
    url = parse_url(first.url)
    is_php = document_kind(first.body) == "php"
    is_forced, is_data = _is_forced(first), _is_saved_text(evidence, first)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=pages,
        # A site may show sources as text on purpose, as the raw files of a repository.
        confidence=Confidence.LIKELY
        if is_forced or is_data or mime_type(first.headers) == _SHOWN
        else Confidence.CERTAIN,
        severity=Severity.WARNING if is_data else None,
        facts={
            "url": first.url,
            "type": mime_type(first.headers),
            "php": is_php,
            "data": is_data,
            "downloaded": is_forced or mime_type(first.headers) in _DOWNLOADED,
            "forced": is_forced,
            "storage": bool(first.header(_FORCED)),
            **_page_files.location_facts(Nginx.of(evidence), url.path if url else "/"),
        },
        fix=Fix(
            (
                Manual(
                    "pass-to-php" if is_php else "not-as-a-file" if is_forced else "send-html",
                    Where.SERVER,
                ),
            ),
            Applicability.MANUAL,
        ),
    )


def _is_forced(exchange: Exchange) -> bool:
    """Return whether an HTML page is sent as a file without a name. A file that is meant to be
    saved has one, or another type or path. Object storages send pages so under the bucket's own
    name."""
    disposition = (exchange.header("Content-Disposition") or "").lower()
    path = exchange.url.partition("?")[0]
    return (
        document_kind(exchange.body) == "html"
        and mime_type(exchange.headers) == "text/html"
        and path.endswith(("/", ".html", ".htm"))
        and disposition.startswith("attachment")
        and "filename" not in disposition
    )


def _is_not_shown(exchange: Exchange) -> bool:
    """Return whether a browser does not show a page. A response that is offered as a file by its
    own words (Content-Disposition; RFC 6266) is meant to be one."""
    content_type, kind = mime_type(exchange.headers), document_kind(exchange.body)
    if _is_forced(exchange):
        return True
    if not kind or exchange.header("Content-Disposition"):
        return False
    return content_type in _DOWNLOADED or content_type == _SHOWN or kind == "php"


def _is_saved_text(evidence: Evidence, exchange: Exchange) -> bool:
    """Return whether a message tells of a download, and the answer is text that is sent as a file
    of no known type. A name with an extension is that of a file."""
    symptom, name = evidence.target.symptom, exchange.url.partition("?")[0].rpartition("/")[2]
    return (
        symptom is not None
        and bool(_SAVED.search(symptom.text))
        and mime_type(exchange.headers) in _DOWNLOADED
        and not document_kind(exchange.body)
        and not exchange.header("Content-Disposition")
        and "." not in name
        and _TEXT.fullmatch(exchange.body[:512]) is not None
    )
