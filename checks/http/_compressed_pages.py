"""A page that browsers get compressed, and that the application behind the server compresses."""

from diagnose.model import Evidence
from diagnose.model.http import BrowserVisit, header
from diagnose.model.requests import ComparedRequest

#: The field by which a browser asks for a compressed page (RFC 9110 section 12.5.3).
FIELD = "Accept-Encoding"
_CODINGS = {"gzip", "x-gzip", "deflate", "br", "zstd"}


def compressed_page(evidence: Evidence) -> tuple[BrowserVisit, ComparedRequest] | None:
    """Return the browser's visit and the application's own answer, both compressed; None if one of
    them is not."""
    visits = (visit for visit in evidence.good(BrowserVisit) if _is_compressed(visit))
    answers = (answer for answer in evidence.good(ComparedRequest) if _is_compressing(answer))
    visit, answer = next(visits, None), next(answers, None)
    return None if visit is None or answer is None else (visit, answer)


def _is_compressed(visit: BrowserVisit) -> bool:
    coding = (header(visit.headers, "Content-Encoding") or "").strip().lower()
    return visit.status == 200 and coding in _CODINGS


def _is_compressing(answer: ComparedRequest) -> bool:
    return answer.name == FIELD and answer.change == "none" and bool(answer.coding)
