"""The names of the cookies that a script reads."""

import pytest

from diagnose.parsers.read_cookies import MAX_NAMES, read_cookies_in


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ("const t = document.cookie.match(/hfs_csrf=([^;]+)/)[1];", ("hfs_csrf",)),
        (r"document.cookie.match(/(?:^|;\s*)token=([^;]+)/)", ("token",)),
        (r"document.cookie.match('(^|;)\\s*token\\s*=\\s*([^;]+)')", ()),
        ("document.cookie.split('; ').find(row => row.startsWith('token='))", ("token",)),
        ('document.cookie.indexOf("csrf-id=")', ("csrf-id",)),
        ("/csrf_id=([^;]+)/.exec(document.cookie)", ("csrf_id",)),
        ("x(getCookie('csrftoken'), Cookies.get(\"theme\"))", ("csrftoken", "theme")),
        # What is set or taken away, what is in a comment, and other code beside it.
        ("document.cookie = 'session=; Max-Age=0'", ()),
        ("// document.cookie.match(/token=([^;]+)/)", ()),
        ("a = document.cookie; session = 'b='; Cookies.set('theme', 1)", ()),
        ("getCookie(name)", ()),
        ("", ()),
    ],
)
def test_the_names_of_a_script(script: str, names: tuple[str, ...]) -> None:
    assert read_cookies_in(script) == names


def test_as_many_names_are_returned() -> None:
    script = ";".join(f"getCookie('name{number}')" for number in range(30))
    assert len(read_cookies_in(script)) == MAX_NAMES
    assert read_cookies_in("document.cookie.match(" * 3000) == ()
