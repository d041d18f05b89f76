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
