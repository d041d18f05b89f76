"""Uploads that a web server no longer waited for, by its access log."""

from dataclasses import replace

from diagnose.parsers.access_log import AccessLine
from diagnose.parsers.failed_requests import failed_requests

PAGE = "https://shop.example.com/upload"
BLOB = AccessLine(100.0, "noon", "PATCH", "/v2/blob", False, 408, "192.0.2.1", agent="oras/1.2.0")
SERVED = replace(BLOB, when=110.0, method="GET", path="/v2/", status=200, agent="curl/8")


def times(*lines: AccessLine) -> list[tuple[str, int]]:
    failures = failed_requests(lines, "/a.log", {"shop.example.com"}, False, 50.0)
    return [(failure.path, failure.times) for failure in failures]


def test_an_upload_whose_sender_was_served_afterwards() -> None:
    assert times(BLOB, SERVED) == [("/v2/blob", 1)]
    assert times(BLOB, BLOB, SERVED) == [("/v2/blob", 2)]


def test_a_sender_who_left() -> None:
    assert not times(SERVED, BLOB)
    assert not times(BLOB, replace(SERVED, client="192.0.2.2"))
    assert not times(BLOB, BLOB, replace(SERVED, status=408))
    assert not times(BLOB, replace(BLOB, when=120.0, status=201), SERVED)


def test_a_browser_is_known_by_its_name() -> None:
    photo = replace(BLOB, method="POST", agent="Mozilla/5.0 (Phone)", referer=PAGE)
    assert not times(photo, replace(SERVED, agent="Mozilla/5.0 (Other)"))
    assert times(photo, replace(SERVED, agent=photo.agent))


def test_strangers_who_hold_connections_open() -> None:
    assert not times(replace(BLOB, method="POST"), SERVED)
    assert not times(replace(BLOB, method="GET"), SERVED)
