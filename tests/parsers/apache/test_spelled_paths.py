"""How Apache spells a path that it passes on, as Apache 2.4.71 does."""

import pytest

from diagnose.parsers.apache.spelled_paths import passed_spelling, respelled_code

PASS = "ProxyPass / http://127.0.0.1:8331/"


@pytest.mark.parametrize(
    ("path", "spelled"),
    [
        ("/x%2B%3A%40%3B%26%7E%21%24%2C%3D%28%29%27%2A%5F%2D%2E%41", "/x+:@;&~!$,=()'*_-.A"),
        (
            "/x%20%22%23%25%3C%3E%3F%5B%5C%5D%5E%60%7B%7C%7D",
            "/x%20%22%23%25%3C%3E%3F%5B%5C%5D%5E%60%7B%7C%7D",
        ),
        ("/x%2F%2f", "/x%2F%2f"),
        ("/%c3%a4%5b", "/%C3%A4%5B"),
        ("/a[b]|^", "/a%5Bb%5D%7C%5E"),
        ("/a%2B?x=%2B%5b", "/a+?x=%2B%5b"),
        ("/plain", "/plain"),
    ],
)
def test_the_path_is_decoded_and_encoded_anew(path: str, spelled: str) -> None:
    assert passed_spelling(path, PASS) == spelled
    assert passed_spelling(path, f"{PASS} nocanon") == path


def test_what_a_flag_encodes_once_more_is_not_known() -> None:
    rule = "RewriteRule ^/(.*)$ http://127.0.0.1:8331/$1 [P{}]"
    assert passed_spelling("/a%2B", rule.format("")) == "/a+"
    assert passed_spelling("/a%2B", rule.format(",B")) == ""
    assert passed_spelling("/a", rule.format(",B")) == "/a"


def test_the_first_code_that_changes() -> None:
    assert respelled_code("/a%20b%2Bc", PASS) == "%2B"
    assert not respelled_code("/a%20b", PASS)
    assert not respelled_code("/a%2Bb", f"{PASS} nocanon")
