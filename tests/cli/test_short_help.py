"""`diagnose -h` fits on a screen and leads to the rest."""

import pytest

from diagnose.cli import main
from diagnose.outputs.terminal import cell_len


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_it_fits_on_a_screen(
    lang: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main.main(["-h", "--lang", lang]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 23
    assert max(map(cell_len, lines)) <= 80
    assert "  diagnose shop.example.com --ws /ws" in "\n".join(lines)
    assert "diagnose --help" in lines[-1]


def test_the_long_help_has_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--help"]) == 0
    text = capsys.readouterr().out
    assert "--baseline" in text
    assert "exit status:" in text


def test_the_help_of_a_command_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["watch", "-h"]) == 0
    assert "--full-interval" in capsys.readouterr().out


def test_a_command_names_the_options_that_it_shares_and_explains_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main.main(["fix", "--help"]) == 0
    text = capsys.readouterr().out
    assert text.index("diagnose fix --dry-run shop") < text.index("positional arguments")
    assert "--vantage" in text
    assert "visit it from there too" not in text
    assert len(text.splitlines()) < 45


def test_the_commands_stand_above_the_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--help"]) == 0
    text = capsys.readouterr().out
    assert text.index("diagnose explain CHECK") < text.index("--outside")
