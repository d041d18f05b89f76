"""Masked edits are applied by patch(1) to the file that they are for."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from diagnose.agent.masked_edits import usable_diff, with_usable_edits
from diagnose.agent.results import altered
from diagnose.model import Applicability, Edit, Fix, Report
from diagnose.parsers.nginx.edits import diff
from tests.support.report_builder import mended

FILE = """\
# the shop
server {
  # of shop.example.com
  listen 443;
  ssl on;
  # its certificate
  ssl_certificate /etc/ssl/shop.pem;
  # no more
  root /srv;
}
"""


def mask(text: str) -> str:
    """Without comments, as nginx's files are masked."""
    lines = text.split("\n")
    return "\n".join(line.partition("#")[0] if "#" in line else line for line in lines)


def masked_diff(before: str, after: str) -> tuple[str, str]:
    return diff("/etc/site", before, after), diff("/etc/site", mask(before), mask(after))


def patched(folder: Path, before: str, changes: str) -> str:
    path = folder / "site"
    path.write_text(before)
    ended = subprocess.run(
        ["patch", "--fuzz=0", path], input=changes, text=True, capture_output=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + changes
    return path.read_text()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (FILE, FILE.replace("  listen 443;\n  ssl on;\n", "  listen 443 ssl;\n")),
        (FILE, FILE.replace("  ssl on;\n", "")),
        (FILE, FILE.replace("443", "444").replace("/srv", "/var/www")),
        ("# for all\nssl on;\n", "# for all\n"),
        ("# for all\na;\nssl on;\nb;\n# end\n", "# for all\na;\nb;\n# end\n"),
        ("# for all\na;\nb;\n# end\n", "# for all\na;\nnew;\nb;\n# end\n"),
        ("a;\nb;\nc;\nd;\ne;\n# end\n", "a;\nb;\nnew;\nc;\nd;\ne;\n# end\n"),
        ("x;\na;\n# all\nb;\n", "x;\na;\nnew;\n# all\nb;\n"),
        ("x;\n# all\na;\nb;\n", "x;\n# all\nnew;\na;\nb;\n"),
    ],
    ids=[
        "between comments",
        "removed",
        "two changes",
        "last line",
        "one line",
        "added",
        "plain",
        "added before a comment",
        "added after a comment",
    ],
)
def test_lines_around_a_change_that_are_masked_are_left_out(
    tmp_path: Path, before: str, after: str
) -> None:
    original, masked = masked_diff(before, after)
    usable = usable_diff(original, masked)
    assert usable is not None
    assert "#" not in usable
    assert patched(tmp_path, before, usable) == after


def test_a_change_that_is_masked_itself_stays_masked() -> None:
    original, masked = masked_diff(FILE, FILE.replace("of shop", "for shop"))
    assert usable_diff(original, masked) is None
    for changed in (FILE.replace("  root", "  # here\n  root"), FILE.replace("443;", "443; # x")):
        original, masked = masked_diff(FILE, changed)
        assert usable_diff(original, masked) is None


def test_a_last_line_without_an_end_stays_masked_beside_one_that_is() -> None:
    original, masked = masked_diff("# all\na;\nb;", "# all\na;\nb;\nc;")
    assert usable_diff(original, masked) is None
    original, masked = masked_diff("a;\nb;", "a;\nb;\nc;")
    assert usable_diff(original, masked) == masked


def test_a_line_that_is_added_between_masked_ones_has_no_place() -> None:
    original, masked = masked_diff("# all\n# end\n", "# all\nnew;\n# end\n")
    assert usable_diff(original, masked) is None


def test_the_finding_of_such_an_edit_holds_no_stand_in() -> None:
    def edited(text: str) -> Report:
        made = mended()
        first = made.findings[0]
        edit = Edit("/etc/site", text)
        fix = Fix((edit,), Applicability.AUTOMATIC)
        finding = replace(first, claim=replace(first.claim, fix=fix))
        return replace(made, findings=(finding, *made.findings[1:]))

    original, masked = map(edited, masked_diff(FILE, FILE.replace("  ssl on;\n", "")))
    assert altered(original, masked) == [original.findings[0].id]
    assert altered(*with_usable_edits(original, masked)) == []
    original, masked = map(edited, masked_diff(FILE, FILE.replace("443;", "444; # x")))
    assert altered(*with_usable_edits(original, masked)) == [original.findings[0].id]
