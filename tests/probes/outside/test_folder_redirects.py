"""The folders that a redirect leaves."""

import pytest

from diagnose.probes.outside.folder_redirects import folders_left


@pytest.mark.parametrize(
    ("path", "onward", "folders"),
    [
        ("/app/", "/login", ("/app/",)),
        ("/app/users/", "/users", ("/app/", "/app/users/")),
        ("/a/b/c/d", "/login", ("/a/", "/a/b/")),
        ("/app/", "/app/login", ()),
        ("/app/", "/app", ()),
        ("/app", "/login", ()),
        ("/", "/login", ()),
        ("/a.b/c", "/login", ()),
        ("/app/x", "", ()),
    ],
)
def test_each_folder_above_the_path(path: str, onward: str, folders: tuple[str, ...]) -> None:
    assert folders_left(path, onward) == folders
