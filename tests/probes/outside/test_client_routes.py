"""The page of a single-page application above a target that answers 404."""

import pytest

from diagnose.probes.outside.client_routes import front_paths


@pytest.mark.parametrize(
    ("path", "fronts"),
    [
        ("/subscribe", ("/",)),
        ("/subscribe/", ("/",)),
        ("/admin/users/7", ("/admin/", "/")),
        ("/", ()),
        ("/style.css", ()),
        ("/api/users", ()),
        ("/v1/users", ()),
        ("/a b", ()),
    ],
)
def test_the_pages_above_a_path(path: str, fronts: tuple[str, ...]) -> None:
    assert front_paths(path) == fronts
