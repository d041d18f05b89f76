"""What closes a site for maintenance."""

import pytest

from diagnose.parsers.maintenance_marks import Mark, parse_marks


def test_marks_of_files_and_lines() -> None:
    flag = "/srv/shop/var/.maintenance.flag"
    assert parse_marks(
        f"magento www-data 86400 0 {flag}\nnextcloud www-data -3 12 /srv/c/config/config.php\n"
    ) == [
        Mark("magento", flag, "www-data", age=86400),
        Mark("nextcloud", "/srv/c/config/config.php", "www-data", "'maintenance' => true,", 12),
    ]


@pytest.mark.parametrize(
    "text",
    ["", "magento", "other root 1 0 /x", "magento root 1 3 /x", "nextcloud root 1 0 /x",
     "magento root 1 0 x", "magento -x 1 0 /x", "magento root 1 0 /a\x1bb"],
)  # fmt: skip
def test_what_is_no_mark(text: str) -> None:
    assert not parse_marks(text)
