"""The file of a script that asks each visitor's own machine."""

import subprocess
from pathlib import Path

import pytest

from diagnose.model.pages import PageFileResponse
from diagnose.probes.inside.built_addresses import SCRIPT, local_origin

ADDRESS = "http://localhost:3000"


def printed(folder: Path, *told: str) -> list[str]:
    words = ["sh", "-c", SCRIPT, "sh", "/js/app.js", ADDRESS, *told, "--", "/nowhere", str(folder)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()


def write(folder: Path, name: str, text: str = "[]") -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def test_the_file_and_what_it_asks(tmp_path: Path) -> None:
    write(tmp_path, "js/app.js", f'get("{ADDRESS}/items.json");get("{ADDRESS}/api/users?x=1")')
    write(tmp_path, "items.json")
    assert printed(tmp_path, "/told.json") == [
        f"file {tmp_path}/js/app.js", "asked /api/users", "asked /items.json", "there /items.json",
        "asked /told.json",
    ]  # fmt: skip


def test_no_file_of_the_script(tmp_path: Path) -> None:
    assert not printed(tmp_path)
    write(tmp_path, "js/app.js", 'get("/items.json")')
    assert not printed(tmp_path)
    write(tmp_path, "js/app.js", f'get("{ADDRESS}/items.json")')
    write(tmp_path, "js/app.js.gz")
    assert not printed(tmp_path)


@pytest.mark.parametrize(
    ("requests", "origin"),
    [
        (("http://localhost:3000/api",), ADDRESS),
        (("http://127.0.0.1:8080",), "http://127.0.0.1:8080"),
        (("http://localhost/api",), ""),
        (("http://api.example.com:3000/",), ""),
        ((), ""),
    ],
)
def test_the_origin_that_a_script_asks(requests: tuple[str, ...], origin: str) -> None:
    response = PageFileResponse(
        page="https://shop.example.com/", file_kind="script",
        url="https://shop.example.com/js/app.js", address="203.0.113.10", port=443, status=200,
        requests=requests,
    )  # fmt: skip
    assert local_origin(response) == origin
