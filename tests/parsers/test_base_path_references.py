"""How the page of an application in a sub-folder names its files."""

from diagnose.parsers.base_path_references import (
    names_below,
    openings_in,
    paths_of,
    references_in,
)

PAGE = (
    '<script type="module" src="/assets/a.js"></script><link href=\'/assets/a.css?v=1\'>'
    '<link href=/style.css><script src="/assets/b.js"></script>'
)
PATHS = ["/assets/a.js", "/assets/a.css", "/style.css", "/assets/b.js"]


def test_each_reference_up_to_its_first_folder_once() -> None:
    assert references_in(PAGE, PATHS) == (
        'src="/assets/', "href='/assets/", "href=/style.css",
    )  # fmt: skip
    assert references_in(PAGE, ["/assets/a"]) == ()


def test_few_references_are_returned() -> None:
    page = "".join(f'<script src="/f{n}/a.js">' for n in range(9))
    assert len(references_in(page, [f"/f{n}/a.js" for n in range(9)])) == 6


def test_a_page_names_its_files_below_a_folder_or_has_it_as_base() -> None:
    assert not names_below(PAGE, "/status", PATHS)
    assert names_below(PAGE.replace("/assets", "/status/assets"), "/status", PATHS)
    assert names_below('<base href="https://shop.example.com/status/">', "/status", PATHS)
    assert not names_below('<base href="/">', "/status", PATHS)


def test_paths_that_need_quotes_are_left_out() -> None:
    urls = ("https://a/x.js?v=1", "https://a/x.js", "https://a/it's.js", "nothing")
    assert paths_of(urls) == ["/x.js"]


def test_a_page_begins_its_addresses_with_the_quotes_that_it_uses() -> None:
    assert openings_in('<a href="/dir">') == ('href="/', 'src="/', 'action="/')
    assert len(openings_in("<img src='/a.png'><a href=\"/\">")) == 6
    for text in (
        '<a href="//cdn.example.com/a">',
        "<a href=dir>",
        "<a data-href='x' href='dir'>",
        "",
    ):
        assert openings_in(text) == ()
