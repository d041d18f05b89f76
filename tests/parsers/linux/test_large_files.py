"""What fills a file system."""

import pytest

from diagnose.parsers.linux.large_files import parse_large_files

ID = "0c5320ed9e5f8bb6bd65d724f06f831aba500ced9118f1dc021006171a87b82f"


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (f"file root 9 /var/lib/docker/containers/{ID}/{ID}-json.log", "container"),
        ("file root 9 /var/log/nginx/access.log", "log"),
        ("file root 9 /var/log/syslog", "log"),
        ("file root 9 /srv/shop/nohup.out", "log"),
        ("file root 9 /var/log/nginx/access.log.1", "aside"),
        ("file root 9 /var/log/nginx/access.log.12.gz", "aside"),
        ("file root 9 /var/log/messages-20261101", "aside"),
        ("journal - 9 /var/log/journal", "journal"),
        ("deleted shop.service 9 /var/log/shop/app.log", "deleted"),
        ("deleted mysql.service 9 /tmp/ibXYZ", "other"),
        ("file root 9 /var/lib/mysql/ibdata1", "other"),
        ("file root 9 /var/lib/kafka/data/topic-0/00000000000000000000.log", "other"),
        ("file root 9 /var/lib/db/000123.log", "other"),
        ("file root 9 /var/log/audit/audit.log", "other"),
        ("file root 9 /var/log/mysql/mysql-bin.000123", "other"),
        ("file root 9 /var/log/wtmp", "other"),
        ("file root 9 /var/log/wtmp.1", "other"),
        ("file root 9 /var/log/auth.log", "other"),
        ("file root 9 /var/log/auth.log.1", "other"),
        ("file root 9 /var/log/secure-20261101", "other"),
        ("file root 9 /var/log/backups/shop-20261101.gz", "other"),
        ("file root 9 /var/log/dump.1", "other"),
        ("file - 9 /home/eve/error.log", "other"),
    ],
)
def test_kinds(row: str, kind: str) -> None:
    (file,) = parse_large_files(f"{row}\n")
    assert (file.kind, file.size) == (kind, 9)


def test_units_and_rows_that_are_none() -> None:
    rows = "deleted - 9 /var/log/a.log\nfile root x /a\nfile root 1 b\n\n"
    rows += "file root 1 /var/log/a\x1b.log\n"
    (file,) = parse_large_files(rows)
    assert file.unit == ""


def test_a_service_that_others_need_is_not_started_again() -> None:
    rows = ("docker.service", "systemd-journald.service", "user@1000.service", "shop.service")
    text = "".join(f"deleted {unit} 9 /var/log/a.log\n" for unit in rows)
    assert [file.unit for file in parse_large_files(text)] == ["", "", "", "shop.service"]


def test_the_owner_of_a_file() -> None:
    (file,) = parse_large_files("file www-data 9 /srv/shop/logs/error.log\n")
    assert (file.owner, file.kind) == ("www-data", "log")
