"""http.app-file-refused: when it fires, and when it is silent."""

import pytest

from diagnose.model import Severity
from diagnose.model.pages import PageFile
from tests.support.check_evidence import judge
from tests.support.page_evidence import answered, loads, script

CHECK = "http.app-file-refused"
SITE = "https://shop.example.com"
MANIFEST = PageFile("manifest", f"{SITE}/manifest.json", True)
WORKER = PageFile("worker", f"{SITE}/sw.js", True)


def test_fires_for_a_service_worker_that_is_the_page() -> None:
    page = loads(MANIFEST)
    both = [answered(file, content_type="text/html", is_html=True) for file in (MANIFEST, WORKER)]
    (claim,) = judge(CHECK, page, *both)
    assert claim.severity is Severity.WARNING
    assert claim.facts["file"] == WORKER.url


def test_fires_with_a_note_for_a_manifest_that_is_the_page() -> None:
    html = answered(MANIFEST, content_type="text/html", is_html=True)
    (claim,) = judge(CHECK, loads(MANIFEST), html)
    assert claim.severity is None


def test_fires_for_a_service_worker_of_another_type() -> None:
    (claim,) = judge(CHECK, loads(WORKER), answered(WORKER, content_type="text/plain"))
    assert not claim.facts["html"]


@pytest.mark.parametrize("file", [MANIFEST, WORKER])
def test_silent_where_the_file_is_itself_or_is_not_there(file: PageFile) -> None:
    assert not judge(CHECK, loads(file), answered(file))
    missing = answered(file, 404, "text/html", is_html=True)
    assert not judge(CHECK, loads(file), missing)
    assert not judge("http.page-file-missing", loads(file), missing)
    html = answered(file, content_type="text/html", is_html=True)
    assert not judge("http.page-file-type", loads(file), html)


def test_silent_about_a_script() -> None:
    html = answered(script(), content_type="text/html", is_html=True)
    assert not judge(CHECK, loads(script()), html)
