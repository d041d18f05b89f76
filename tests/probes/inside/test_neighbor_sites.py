import asyncio

import pytest

from diagnose.probes.inside.neighbor_sites import neighbor_index
from tests.support.nginx_evidence import config
from tests.support.recorded_machine import RecordedMachine

SITE = "/var/www/wiki/BookStack/public/index.php"
ROOT = "server {\n root /var/www/wiki/html;\n}\n"


def index(*files: str, text: str = ROOT) -> list[str]:
    machine = RecordedMachine({}, dict.fromkeys(files, ""))
    read = neighbor_index(machine, config(text), "/var/www/wiki/html", ("index.php", "index.html"))
    return asyncio.run(read)


@pytest.mark.parametrize(
    "others", [(), ("/var/www/wiki/BookStack/index.php",), ("/var/www/wiki/old/readme.txt",)]
)
def test_the_only_site_beside_an_empty_folder(others: tuple[str, ...]) -> None:
    assert index(SITE, *others) == [SITE]


@pytest.mark.parametrize(
    "others",
    [
        ("/var/www/wiki/html/a.css",),
        ("/var/www/wiki/other/index.html",),
        ("/var/www/wiki/BookStack/dist/index.html",),
    ],
)
def test_nothing_of_a_folder_with_files_or_of_several_sites(others: tuple[str, ...]) -> None:
    assert not index(SITE, *others)


@pytest.mark.parametrize("path", ["/var/www/wiki/BookStack/public", "/var/www/wiki/BookStack"])
def test_nothing_of_a_site_that_another_block_has(path: str) -> None:
    assert not index(SITE, text=f"{ROOT}server {{\n root {path};\n}}\n")


def test_nothing_of_a_folder_deep_inside() -> None:
    assert not index("/var/www/wiki/BookStack/vendor/index.php")
