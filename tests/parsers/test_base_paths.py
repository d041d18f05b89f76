"""Where the files of a page may be that belongs to a sub-folder."""

import pytest

from diagnose.parsers.base_paths import names_from_root, urls_below_page

ROOT = "https://shop.example.com"


@pytest.mark.parametrize(
    ("page", "file", "expected"),
    [
        ("/app/", "/static/a.js?v=1", ["/app/static/a.js?v=1"]),
        ("/app", "/static/a.js", ["/app/static/a.js"]),
        ("/app/d/board", "/a.js", ["/app/a.js", "/app/d/board/a.js"]),
        ("/my/app", "/my/static/a.js", ["/my/app/static/a.js", "/my/app/my/static/a.js"]),
        ("/my/app/", "/my/app/a.js", []),
        ("/app/index.html", "/a.js", ["/app/a.js"]),
        ("/app/", "/app/a.js", []),
        ("/", "/a.js", []),
        ("/index.html", "/a.js", []),
    ],
)
def test_the_first_folder_and_the_whole_path(page: str, file: str, expected: list[str]) -> None:
    urls = [url for url, _ in urls_below_page(ROOT + page, ROOT + file)]
    assert urls == [ROOT + path for path in expected]


def test_nothing_is_tried_for_what_is_no_url() -> None:
    assert not urls_below_page("nonsense", f"{ROOT}/a.js")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('<script src="/static/a.js">', True),
        ("<script src=/static/a.js>", True),
        ('<script src="static/a.js">', False),
        ('<script src="./static/a.js">', False),
    ],
)
def test_whether_a_page_names_a_file_from_the_root(text: str, expected: bool) -> None:
    assert names_from_root(text, f"{ROOT}/static/a.js?v=1") is expected
