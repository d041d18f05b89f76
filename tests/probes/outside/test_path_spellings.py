"""The other spelling of a path."""

import pytest

from diagnose.probes.outside.path_spellings import other_spelling


@pytest.mark.parametrize(
    ("path", "spelling"),
    [
        ("/app", "/app/"),
        ("/app/users/", "/app/users"),
        ("/", ""),
        ("/style.css", ""),
        ("/style.css/", ""),
        ("//", ""),
        ("/a b", ""),
    ],
)
def test_a_path_of_words_has_another_spelling(path: str, spelling: str) -> None:
    assert other_spelling(path) == spelling
