"""The file whose name differs in upper and lower case alone."""

import asyncio

import pytest

from diagnose.model.site_folders import FileInOtherCase
from diagnose.probes.inside.other_case import emit_other_case
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

SITE = "https://shop.example.com"


def found(path: str, file: str, *files: str, folder: str = "/srv/shop") -> list[tuple[str, str]]:
    """Return the files and their addresses for the path of a URL and the file that is not there."""
    ctx = Looking(RecordedMachine(files=dict.fromkeys(files, "")))
    asyncio.run(emit_other_case(ctx, SITE + path, folder, file))
    return [(each.path, each.address) for each in ctx.observed(FileInOtherCase)]


def test_the_only_file_of_the_name() -> None:
    there = "/srv/shop/images/logo.png"
    wanted = "/srv/shop/Images/Logo.PNG"
    assert found("/Images/Logo.PNG", wanted, there) == [(there, "/images/logo.png")]
    assert found("/Images/Logo.PNG", wanted, there, "/srv/shop/images/LOGO.png") == []


def test_an_alias_has_a_path_of_its_own() -> None:
    there = "/srv/shop/images/logo.png"
    wanted = "/srv/shop/images/Logo.png"
    assert found("/m/images/Logo.png", wanted, there) == [(there, "/m/images/logo.png")]


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ("/srv/shop/.ENV", "/srv/shop/.env"),
        ("/srv/shop/.git/Config", "/srv/shop/.git/config"),
        ("/srv/Shop/a.png", "/srv/shop/a.png"),
        ("/srv/shop/a[1].png", "/srv/shop/A[1].png"),
        ("/srv/shop/a.png", "/srv/shop/a.png"),
        ("/srv/shop/12.34", "/srv/shop/12.34"),
        ("/srv/shop", "/srv/shop/index.html"),
    ],
)
def test_what_is_not_looked_for(wanted: str, there: str) -> None:
    assert found(wanted.removeprefix("/srv/shop") or "/", wanted, there) == []


def test_a_path_without_a_name_of_the_file_has_no_address() -> None:
    assert found("/x", "/srv/shop/Y.png", "/srv/shop/y.png") == []
