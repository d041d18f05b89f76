"""What several places got, side by side; and no "ok" before each of them got an answer."""

import json
from dataclasses import replace
from typing import Any

import pytest

from diagnose.checking.verdicts import verdict
from diagnose.i18n import LANGUAGES
from diagnose.model import Failure, Report, Unseen, Vantage
from diagnose.model.origin import OriginVisit
from diagnose.model.view import View
from diagnose.outputs import html, markdown, text
from diagnose.outputs.json import document
from diagnose.outputs.vantages import vantage_lines
from diagnose.recording.codec import Recording, decode, encode
from diagnose.recording.redaction import mask_for, masked_recording
from tests.support.report_builder import ANSWER, NAME, NO_IPV6, OPEN, SECURE, report
from tests.support.vantage_evidence import LAPTOP, OFFICE, again, point, silent, visit

WELL = (NAME, NO_IPV6, OPEN, SECURE, ANSWER)
ADDRESS = OPEN.address


def report_of_places() -> Report:
    lost = Failure("denied", "Permission denied (publickey).", 255)
    here: dict[str, Any] = {"address": ADDRESS}
    places = (point(), visit(**here), point(OFFICE), silent(OFFICE, **here), again(OFFICE, **here))
    return report(*WELL, *places, point("ssh://third.example.com", failure=lost))


def test_each_place_has_its_line() -> None:
    assert vantage_lines(report_of_places(), "en") == [
        f"from here: {ADDRESS}: answered 200",
        f"from {LAPTOP}: {ADDRESS}: answered 200",
        f"from {OFFICE}: {ADDRESS}: no connection (timed out)",
        "from ssh://third.example.com: not seen (Permission denied (publickey).)",
    ]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_format_shows_them(lang: str) -> None:
    view = View(lang=lang, width=200)
    for rendered in (
        text.render(report_of_places(), view),
        markdown.render(report_of_places(), view),
    ):
        for line in vantage_lines(report_of_places(), lang)[:3]:
            assert line.split("(")[0].rstrip("（") in rendered.replace("\\", "").replace("`", "")
    assert LAPTOP in html.render(report_of_places(), view)


def test_programs_get_the_places_and_the_vantage_of_each_observation() -> None:
    shown = document(report_of_places(), View())
    places = shown["run"]["vantage"]["elsewhere"]
    assert [(place["via"], place["usable"]) for place in places] == [
        (LAPTOP, True), (OFFICE, True), ("ssh://third.example.com", False),
    ]  # fmt: skip
    kinds = {one["kind"] for one in shown["observations"] if one["vantage"] == "elsewhere"}
    assert kinds == {"VantagePoint", "VantageVisit"}
    json.dumps(shown, allow_nan=False)


def test_a_run_without_other_places_has_no_line() -> None:
    assert vantage_lines(report(*WELL), "en") == []
    assert document(report(*WELL), View())["run"]["vantage"]["elsewhere"] == []


def test_the_origin_has_a_line_beside_this_machine() -> None:
    origin = OriginVisit(url="https://shop.example.com/", address="192.0.2.1", port=443)
    answered = replace(origin, connected=True, secured=True, status=200)
    here = f"from here: {ADDRESS}: answered 200"
    assert vantage_lines(report(*WELL, answered), "en") == [
        here, "from here, at the origin: 192.0.2.1: answered 200",
    ]  # fmt: skip
    lost = replace(origin, failure=Failure("refused", "Connection refused"))
    assert vantage_lines(report(*WELL, lost), "en") == [
        here, "from here, at the origin: 192.0.2.1: no connection (Connection refused)",
    ]  # fmt: skip


def test_the_site_is_ok_only_if_every_place_got_an_answer() -> None:
    answered = visit(address=ADDRESS)
    assert verdict(report(*WELL, point(), answered)).status == "ok"
    assert verdict(report(*WELL, point())).status == "unknown"
    other = Failure("other", "something odd")
    odd = replace(answered, status=None, failure=other)
    judged = verdict(report(*WELL, point(), odd))
    assert judged.status == "unknown"
    assert judged.missing[0].places == (f"{LAPTOP}, {ADDRESS}:443",)


def test_a_place_needs_no_route_to_every_address() -> None:
    no_route = Failure("unreachable", "Network is unreachable", 101, "ENETUNREACH")
    lost = silent(failure=no_route, address="2001:db8::10")
    assert verdict(report(*WELL, point(), visit(address=ADDRESS), lost)).status == "ok"
    assert verdict(report(*WELL, point(), lost)).status == "unknown"


def test_a_recording_keeps_them_and_hides_their_names() -> None:
    evidence = report_of_places().evidence
    again_read = decode(encode(Recording(evidence))).evidence
    assert vantage_lines(Report(again_read), "en") == vantage_lines(report_of_places(), "en")
    masked = masked_recording(evidence, privileged=False)
    for word in ("laptop", "office", "example.net", "example.org"):
        assert word not in masked
    alias, place = "bigbox", "ssh://alice@bigbox:2222"
    equivalent = f"ssh {place} 'curl https://shop.example.com/'"
    gap = Unseen(vantage=Vantage.ELSEWHERE, what=f"the page, as {place} gets it", why="no curl")
    shown = report(point(place), visit(place, equivalent=equivalent), gap).evidence
    for word in ("alice", alias, "shop"):
        assert word not in masked_recording(shown, privileged=False)
    hidden = mask_for(evidence).mask_value(evidence)
    assert len(vantage_lines(Report(hidden), "en")) == 4
