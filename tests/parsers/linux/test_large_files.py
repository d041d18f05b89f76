"""What fills a file system."""

import pytest

from diagnose.parsers.linux.large_files import parse_large_files

ID = "0c5320ed9e5f8bb6bd65d724f06f831aba500ced9118f1dc021006171a87b82f"


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (f"file 9 /var/lib/docker/containers/{ID}/{ID}-json.log", "container"),
        ("file 9 /var/log/nginx/access.log", "log"),
        ("file 9 /var/log/syslog", "log"),
        ("file 9 /srv/shop/nohup.out", "log"),
        ("file 9 /var/log/nginx/access.log.1", "aside"),
        ("file 9 /var/log/nginx/access.log.12.gz", "aside"),
        ("file 9 /var/log/messages-20261101", "aside"),
        ("journal 9 /var/log/journal", "journal"),
        ("deleted 9 shop.service /var/log/shop/app.log", "deleted"),
        ("deleted 9 mysql.service /tmp/ibXYZ", "other"),
        ("file 9 /var/lib/mysql/ibdata1", "other"),
        ("file 9 /var/lib/kafka/data/topic-0/00000000000000000000.log", "other"),
        ("file 9 /var/lib/db/000123.log", "other"),
        ("file 9 /var/log/audit/audit.log", "other"),
        ("file 9 /var/log/mysql/mysql-bin.000123", "other"),
        ("file 9 /var/log/wtmp", "other"),
    ],
)
def test_kinds(row: str, kind: str) -> None:
    (file,) = parse_large_files(f"{row}\n")
    assert (file.kind, file.size) == (kind, 9)


def test_units_and_rows_that_are_none() -> None:
    rows = "deleted 9 - /var/log/a.log\nfile x /a\nfile 1 b\n\nfile 1 /var/log/a\x1b.log\n"
    (file,) = parse_large_files(rows)
    assert file.unit == ""
