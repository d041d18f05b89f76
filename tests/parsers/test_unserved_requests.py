from dataclasses import replace

from diagnose.model.logs import UnservedRequests
from diagnose.parsers.access_log import AccessLine
from diagnose.parsers.unserved_requests import (
    MAX_PATHS,
    folders_of,
    lost_folder,
    unserved_requests,
)

NAMES = {"shop.example.com"}


def line(
    path: str, status: int = 404, method: str = "GET", when: float = 100.0, client: str = "::1"
) -> AccessLine:
    written = f"at {when:.0f}"
    return AccessLine(when, written, method, path, False, status, client, agent="docker/24.0")


def missed(*lines: AccessLine, loaded: float = 0.0) -> list[UnservedRequests]:
    return list(unserved_requests(lines, "/a.log", NAMES, False, 50.0, loaded))


def test_a_path_that_a_program_asks_for_again() -> None:
    (requests,) = missed(line("/v2/"), line("/v2/", when=120.0))
    assert (requests.path, requests.folder, requests.times) == ("/v2/", "/v2", 2)
    assert (requests.beside, requests.written) == (0, "at 120")
    assert not missed(line("/v2/"))


def test_several_paths_of_a_folder_of_which_nobody_got_anything() -> None:
    (requests,) = missed(line("/netdata"), line("/netdata/"), line("/netdata/main.js"))
    assert (requests.path, requests.folder, requests.beside) == ("/netdata/main.js", "/netdata", 2)
    (requests,) = missed(line("/app"), line("/app/main.js"), line("/app/login"))
    assert requests.path == "/app/login"


def test_a_folder_of_which_somebody_got_anything_is_there() -> None:
    assert not missed(line("/api"), line("/api"), line("/api/items", 200))
    assert not missed(line("/api/items/5"), line("/api/items/5"), line("/api/items/5/", 401))
    (requests,) = missed(line("/api/v2/a"), line("/api/v2/a"), line("/api/v1/a", 200))
    assert requests.folder == "/api/v2"
    earlier = line("/v2/", 401, when=20.0)
    assert not missed(earlier, line("/v2/"), line("/v2/"))
    assert missed(earlier, line("/v2/"), line("/v2/"), loaded=40.0)


def test_who_looks_for_weak_sites_does_not_count() -> None:
    noise = [line(f"/{name}", client="::2") for name in ("a", "b", "c", "d")] * 3
    assert not missed(*noise)
    assert [each.path for each in missed(*noise, line("/v2/"), line("/v2/"))] == ["/v2/"]


def test_what_is_looked_for_everywhere_does_not_count() -> None:
    for path in (
        "/favicon.ico", "/wp-login.php", "/.env", "/app/.git/config", "/robots.txt", "/", "/ws",
        "/apple-touch-icon", "/backup.zip", "/.well-known/acme-challenge/a",
    ):  # fmt: skip
        assert not missed(line(path), line(path), line(path)), path


def test_only_what_reads_and_is_whole_counts() -> None:
    assert not missed(line("/hook", method="POST"), line("/hook", method="POST"))
    assert not missed(*[replace(line("/a"), has_query=True)] * 3)
    assert not missed(*[line("/a", 403)] * 3)
    assert not missed(*[replace(line("/a"), agent="")] * 3)
    assert not missed(*[line("/a", when=40.0)] * 3)
    assert not missed(*[replace(line("/a"), agent="diagnose/1.0")] * 3)


def test_no_more_than_some_are_kept() -> None:
    lines = [line(f"/{name}/", client=f"::{name}") for name in "abcdef"] * 2
    assert len(missed(*lines)) == MAX_PATHS


def test_the_first_folder_below_which_nothing_was_served() -> None:
    assert lost_folder("/a/b/c", set()) == "/a"
    for path, served, folder in (
        ("/a/b/c", "/a/x", "/a/b"),
        ("/a/", "/a", "/a/"),
        ("/a", "/a/b", ""),
        ("/a/b", "/ab", "/a"),
        ("/a/b", "/a/b/", ""),
    ):
        assert lost_folder(path, set(folders_of(served))) == folder


def test_a_log_of_many_paths_is_read_at_once() -> None:
    lines = [line(f"/a/{number}/{'b/' * 40}", number % 2 * 204 + 200) for number in range(2000)]
    assert len(missed(*lines, *lines)) <= MAX_PATHS
