"""http.answer-says-why: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence
from diagnose.model.site_folders import SiteFolder
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page

CHECK = "http.answer-says-why"
ADDRESS = "Your IP address 127.0.0.1 is not allowed to access this application."


def test_fires_on_what_php_says() -> None:
    (claim,) = judge(CHECK, page(404, "No input file specified."), masked=False)
    assert claim.facts["script"]
    assert claim.confidence is Confidence.CERTAIN


def test_fires_on_the_address_of_the_proxy_and_names_the_line() -> None:
    (claim,) = judge(CHECK, page(403, ADDRESS), RUNNING, config(), masked=False)
    assert claim.facts["proxy_address"]
    assert claim.confidence is Confidence.LIKELY
    assert claim.location


@pytest.mark.parametrize(
    "seen", [page(403, "Forbidden"), page(200, ADDRESS), page(404, "Not found: 127.0.0.1")]
)
def test_silent(seen: object) -> None:
    assert not judge(CHECK, seen, masked=False)  # type: ignore[arg-type]


def test_silent_about_the_same_words_in_plain_text() -> None:
    answer = page(404, "File not found.")
    assert judge(CHECK, answer, masked=False)
    plain = replace(answer, headers=(("Content-Type", "text/plain; charset=utf-8"),))
    assert not judge(CHECK, plain, masked=False)


def test_silent_about_a_script_that_nobody_has() -> None:
    """Issue 1576 of docker-library/php: /example.php is no file, and Apache passes it on."""
    answer = page(404, "File not found.")
    folder = SiteFolder(path="/var/www/shop", requested="/example.php", exists=True)
    assert not judge(CHECK, answer, folder, masked=False)
    assert judge(CHECK, answer, replace(folder, page_exists=True), masked=False)
    assert judge(CHECK, answer, replace(folder, requested="/users"), masked=False)
