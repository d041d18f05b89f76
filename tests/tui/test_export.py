from pathlib import Path

import pytest

from diagnose.tui import export


def test_a_file_is_new_and_named_by_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.strftime", lambda _: "20261124-120000")
    first, second = export.save("shop", "md", "one"), export.save("shop", "md", "two")
    assert first.name == "diagnose-shop-20261124-120000.md"
    assert second.name == "diagnose-shop-20261124-120000-2.md"
    assert (first.read_text(), second.read_text()) == ("one", "two")
    assert export.save("", "svg", "\udc80").name == "diagnose-20261124-120000.svg"


def test_a_folder_that_is_gone_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.strftime", lambda _: "20261124-120000")
    with pytest.raises(OSError, match="No such file"):
        export.save("gone/shop", "md", "one")
