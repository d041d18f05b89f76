"""http.file-kept-too-long: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence
from diagnose.model.pages import PageFile
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_evidence import SITE as SITE_URL
from tests.support.page_evidence import answered, loads, script, sheet

CHECK = "http.file-kept-too-long"
YEAR = ("Cache-Control", "max-age=31536000")
TOLD = replace(SHOP, symptom=Symptom("cached", "the page is still the old version"))


def kept(url: str, field: tuple[str, str] = YEAR, symptom: bool = True, line: str = "") -> Any:
    file = sheet(url)
    block = f"    location ~* \\.css$ {{\n        {line}\n        root /srv/shop;\n    }}\n"
    text = SITE.replace("    location /", f"{block}\n    location /", 1) if line else SITE
    observations = (RUNNING, config(text), loads(file), answered(file, headers=(field,)))
    return judge(CHECK, *observations, target=TOLD if symptom else SHOP, masked=False)


@pytest.mark.parametrize(
    ("line", "new"),
    [
        ('add_header Cache-Control "max-age=31536000";', 'add_header Cache-Control "no-cache";'),
        ("expires 1y;", "expires -1;"),
        ("expires max;", "expires -1;"),
    ],
)
def test_fires_and_changes_the_line(line: str, new: str) -> None:
    (claim,) = kept("/style.css", line=line)
    assert claim.confidence is Confidence.LIKELY
    directive = line.rstrip(";").replace('"', "")
    assert (claim.facts["file"], claim.facts["directive"]) == ("/style.css", directive)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert new in str(claim.fix.steps[0])


def test_fires_from_outside_with_words() -> None:
    (claim,) = kept("/style.css")
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    ("url", "field", "symptom"),
    [
        ("/style.css?v=20261130", YEAR, True),
        ("/assets/style-4f2a9c1b.css", YEAR, True),
        ("/css/style-1.4.2.min.css", YEAR, True),
        ("/v12/style.css", YEAR, True),
        ("/css/main.3f2a9c.css", YEAR, True),
        ("/css/main-3f2a9c1.css", YEAR, True),
        ("/style.css", ("Cache-Control", "max-age=600"), True),
        ("/style.css", ("Cache-Control", "no-cache, max-age=31536000"), True),
        ("/style.css", YEAR, False),
    ],
)
def test_silent(url: str, field: tuple[str, str], symptom: bool) -> None:
    assert not kept(url, field, symptom)


@pytest.mark.parametrize("url", ["/css/facade.css", "/css/app.decade.css"])
def test_a_word_is_no_hash(url: str) -> None:
    assert kept(url)


def test_the_service_worker_is_named_first() -> None:
    worker = PageFile("worker", f"{SITE_URL}/sw.js", True)
    files = (script("/old.js"), worker, script("/js/app.81be02.js"))
    answers = [answered(each, headers=(YEAR,)) for each in files]
    (claim,) = judge(CHECK, loads(*files), *answers, target=TOLD, masked=False)
    assert (claim.facts["file"], claim.facts["others"]) == ("/sw.js", ("/old.js",))
    assert claim.facts["worker"]


def test_files_with_a_hash_in_the_same_location_stay_kept() -> None:
    worker = sheet("/style.css")
    hashed = sheet("/assets/index-4f9e2c7a.css")
    block = "    root /srv/shop;\n    location ~* \\.css$ {\n        expires 1y;\n    }\n"
    text = SITE.replace("    location /", f"{block}\n    location /", 1)
    answers = [answered(each, headers=(YEAR,)) for each in (worker, hashed)]
    seen = (RUNNING, config(text), loads(worker, hashed), *answers)
    (claim,) = judge(CHECK, *seen, target=TOLD, masked=False)
    assert claim.fix
    shown = str(claim.fix.steps[0]).replace("\\n", "\n")
    assert "location = /style.css {" in shown
    assert "-        expires 1y;" not in shown
