"""http.no-byte-ranges: when it fires, and when it is silent."""

from typing import Any

import pytest

from diagnose.model import Applicability, Manual
from diagnose.model.pages import PageFile
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_evidence import answered, loads

CHECK = "http.no-byte-ranges"
FILM = PageFile("media", "https://shop.example.com/media/film.mp4", True)


def came(status: int = 200, length: str = "1024000") -> Any:
    return answered(FILM, status, "video/mp4", headers=(("Content-Length", length),))


def test_fires_and_lets_nginx_cut_the_parts() -> None:
    (claim,) = judge(CHECK, RUNNING, config(), loads(FILM), came())
    assert claim.facts["application"] == "http://127.0.0.1:3000"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "proxy_force_ranges on;" in str(claim.fix.steps[0])


def test_fires_without_a_look_at_the_server() -> None:
    (claim,) = judge(CHECK, loads(FILM), came())
    assert claim.fix
    assert all(isinstance(step, Manual) for step in claim.fix.steps)


@pytest.mark.parametrize(
    "response",
    [came(206, "2"), came(200, "2000"), came(200, ""), came(404), came(200, "9" * 30)],
)
def test_silent_where_parts_come_or_do_not_matter(response: Any) -> None:
    assert not judge(CHECK, loads(FILM), response)


@pytest.mark.parametrize("line", ['proxy_set_header Range "";', "max_ranges 0;"])
def test_nginx_s_own_line_is_taken_out(line: str) -> None:
    text = SITE.replace("proxy_set_header Host $host;", line)
    (claim,) = judge(CHECK, RUNNING, config(text), loads(FILM), came())
    assert claim.facts["hindered"]
    assert claim.fix
    assert f"-        {line}" in str(claim.fix.steps[0])
    assert "force_ranges" not in str(claim.fix.steps[0])


@pytest.mark.parametrize(
    "line",
    ["proxy_set_header Range $http_range;", "max_ranges 5;", 'proxy_set_header If-Range "";'],
)
def test_other_lines_of_nginx_stay(line: str) -> None:
    text = SITE.replace("proxy_set_header Host $host;", line)
    (claim,) = judge(CHECK, RUNNING, config(text), loads(FILM), came())
    assert not claim.facts["hindered"]
