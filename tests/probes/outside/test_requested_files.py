"""Which files of a page are requested."""

from diagnose.model.pages import FileKind, PageFile
from diagnose.probes.outside.requested_files import app_files, images, requested_files
from tests.support.check_evidence import SHOP

HERE = "https://shop.example.com"


def files(kind: FileKind, *paths: str) -> list[PageFile]:
    return [PageFile(kind, path if "//" in path else f"{HERE}{path}") for path in paths]


def names(chosen: list[PageFile]) -> list[str]:
    return [file.url.removeprefix(HERE) for file in chosen]


def test_modules_before_scripts_and_sheets() -> None:
    page = [*files("stylesheet", "/a.css"), *files("script", "/a.js"), *files("module", "/m.js")]
    assert names(requested_files(SHOP, page)) == ["/m.js", "/a.js", "/a.css"]


def test_nothing_from_elsewhere() -> None:
    elsewhere = files("script", "https://cdn.example.net/a.js")
    assert not requested_files(SHOP, elsewhere)
    assert not images(SHOP, files("image", "https://cdn.example.net/a.png"))


def test_a_manifest_and_a_worker() -> None:
    page = files("manifest", "/site.webmanifest", "/other.webmanifest")
    assert names(app_files(SHOP, page, f"{HERE}/sw.js")) == ["/site.webmanifest", "/sw.js"]


def test_pictures_of_different_folders() -> None:
    page = files("image", "/img/1.png", "/img/2.png", "/storage/3.png", "/media/4.png")
    assert names(images(SHOP, page)) == ["/img/1.png", "/storage/3.png"]


def test_no_picture_among_what_a_page_needs() -> None:
    assert not requested_files(SHOP, files("image", "/img/1.png"))
