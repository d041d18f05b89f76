"""The file for support: everything is in it, masked, and it can be judged again."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from diagnose.checking.conclusion import conclude
from diagnose.cli import main
from diagnose.cli.bundle import bundle
from diagnose.cli.runs import report_builder
from diagnose.model import Evidence
from diagnose.model.view import View
from diagnose.probes import Options
from diagnose.recording.codec import BUNDLED_RECORDING, Recording, encode
from tests.support.check_evidence import NOW, SHOP
from tests.support.command_line import diagnose
from tests.support.report_builder import CLOSED, NAME

RECORDING = encode(Recording(Evidence(SHOP, NOW, (NAME, CLOSED)), "laptop", True))


def archive(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as writer:
        for name, text in files.items():
            writer.writestr(name.replace("_", "."), text)
    return buffer.getvalue()


def test_it_holds_the_report_in_every_form_masked() -> None:
    report = conclude(Evidence(SHOP, NOW, (NAME, CLOSED)))
    data = bundle(report, View(hostname="laptop"), report_builder(Options()))
    files = zipfile.ZipFile(io.BytesIO(data))
    assert set(files.namelist()) == {
        BUNDLED_RECORDING, "report.json",
        "en/report.txt", "en/ticket.md", "en/report.html",
        "zh/report.txt", "zh/ticket.md", "zh/report.html",
    }  # fmt: skip
    for name in files.namelist():
        text = files.read(name).decode()
        assert "shop.example.com" not in text
        assert "203.0.113.10" not in text
        assert "laptop" not in text
    assert "tcp.refused" in files.read("en/report.txt").decode()
    assert "拒绝" in files.read("zh/ticket.md").decode()
    document = json.loads(files.read("report.json"))
    assert document["verdict"]["status"] == "critical"
    assert data == bundle(report, View(hostname="laptop"), report_builder(Options()))


def test_it_is_made_and_replayed(shut: int, tmp_path: Path) -> None:
    path = tmp_path / "shop.zip"
    made = diagnose("bundle", "--outside", f"127.0.0.1:{shut}", "-o", str(path))
    assert (made.returncode, made.stdout) == (2, "")
    assert "names and addresses masked" in made.stderr
    again = diagnose("replay", str(path))
    assert again.returncode == 2
    assert "error[tcp.refused]" in again.stdout


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04",
        archive(other_txt=RECORDING),
        archive(recording_jsonl=RECORDING)[:-30],
        archive(recording_jsonl=RECORDING).replace(b'{"diagnose"', b'{"diagnosf"', 1),
    ],
    ids=["empty", "no recording", "cut", "wrong checksum"],
)
def test_an_archive_of_a_stranger_is_refused(
    data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "shop.zip"
    path.write_bytes(data)
    assert main.main(["replay", str(path)]) == 64
    assert "there is no recording in this archive" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["a.example"], ["a.example", "b.example", "-o", "x.zip"], []])
def test_it_needs_one_target_and_a_file(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["bundle", *words]) == 64
    assert "diagnose bundle TARGET -o FILE.zip" in capsys.readouterr().err
