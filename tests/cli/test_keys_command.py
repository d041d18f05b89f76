"""`diagnose keys`: the keys of the screen as a page."""

from pathlib import Path

import pytest

from diagnose.cli import main
from diagnose.outputs.terminal import cell_len
from diagnose.tui.key_map import ACTION_NAMES


def page(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main.main(["keys", *words]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_action_has_its_key_and_its_name(
    lang: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = page(capsys, "--config", "none", "--lang", lang)
    for name in ACTION_NAMES:
        assert f" {name} " in text
    assert text.startswith("r ")
    assert "?, F1" in text
    assert max(map(cell_len, text.splitlines())) <= 80


def test_the_keys_of_the_configuration_are_those_in_effect(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[keys]\nagain = ["F5", "Ctrl+R"]\n')
    text = page(capsys, "--config", str(file))
    assert "F5, ^r" in text
    assert not text.startswith("r ")


def test_a_word_too_many_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["keys", "shop.example.com"]) == 64
    assert "shop.example.com" in capsys.readouterr().err
