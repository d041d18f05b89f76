"""What starts a renewal tool: timers, tables of cron, scripts of its folders."""

from diagnose.parsers.linux.renewal_schedules import parse

HEAD = "now 1795500000\nup 900000\ndebian 1\ndaemon cron\nprogram /usr/local/bin/certbot\n"
TABLE = "table 644 0 0a /etc/cron.d/renew\n"


def faults(text: str, head: str = HEAD, tool: str = "certbot") -> list[str]:
    return [start.fault for start in parse(head + text).starts(tool)]


def test_timers_and_their_states() -> None:
    text = (
        "timer certbot.timer enabled active\ntimer snap.certbot.renew.timer masked inactive\n"
        "timer certbot-renew.timer disabled inactive\ntimer acme-renew.timer enabled active\n"
    )
    assert faults(text) == ["", "timer-masked", "timer-off"]
    assert faults(text, tool="acme.sh") == [""]


def test_lines_of_a_table_of_the_system() -> None:
    for line, fault in (
        ("0 3 * * * root /usr/local/bin/certbot -q renew", ""),
        ("0 3 * * * root certbot -q renew", "path"),
        ("0 3 * * * certbot -q renew", "no-user"),
        ("@daily /usr/local/bin/certbot renew", "no-user"),
        ("0 3 1 * * root /usr/local/bin/certbot renew", "rare"),
        ("@monthly root /usr/local/bin/certbot renew", "rare"),
        ("0 3 1,15 * * root /usr/local/bin/certbot renew", ""),
        ("0 3 * * 1 root /usr/local/bin/certbot renew", ""),
    ):
        assert faults(f"{TABLE} 7:{line}\n") == [fault], line
    assert faults(f"{TABLE} 7:# 0 3 * * * root certbot renew\n") == []
    assert faults(f"{TABLE} 2:PATH=/usr/bin:/usr/local/bin\n 7:0 3 * * * root certbot renew\n") == [
        ""
    ]


def test_a_table_of_one_user() -> None:
    table = "table 600 0 0a /var/spool/cron/crontabs/root\n"
    for line, fault in (
        ("0 3 * * * certbot renew", "path"),
        ("0 3 * * * /usr/local/bin/certbot renew", ""),
        ("0 3 * * * root /usr/local/bin/certbot renew", "user"),
        ("0 3 * * * sleep 9; certbot renew", ""),
    ):
        assert faults(f"{table} 1:{line}\n") == [fault], line


def test_files_that_cron_does_not_take() -> None:
    line = " 1:0 3 * * * root /usr/local/bin/certbot renew\n"
    for table, fault in (
        ("table 644 0 0a /etc/cron.d/renew.sh\n", "dotted"),
        ("table 664 0 0a /etc/cron.d/renew\n", "mode"),
        ("table 644 1000 0a /etc/cron.d/renew\n", "owner"),
        ("table 644 0 77 /etc/cron.d/renew\n", "newline"),
    ):
        assert faults(table + line) == [fault], table
    red_hat = HEAD.replace("debian 1\n", "")
    assert faults("table 644 0 77 /etc/cron.d/renew.sh\n" + line, red_hat) == [""]


def test_scripts_of_the_folders() -> None:
    for part, fault in (
        ("part 755 /etc/cron.daily/certbot", ""),
        ("part 644 /etc/cron.daily/certbot", "not-executable"),
        ("part 755 /etc/cron.daily/certbot.sh", "dotted"),
        ("part 755 /etc/cron.monthly/certbot", "rare"),
    ):
        assert faults(part + "\n") == [fault], part
    assert faults("part 755 /etc/cron.daily/certbot\n", "now 1\ndebian 1\n") == ["no-daemon"]


def test_debians_own_line_is_for_a_server_without_systemd() -> None:
    line = (
        "0 */12 * * * root test -x /usr/bin/certbot -a \\! -d /run/systemd/system && certbot renew"
    )
    assert faults(f"{TABLE} 9:{line}\n", HEAD + "systemd 1\n") == []
    assert faults(f"{TABLE} 9:{line}\n") == [""]


def test_a_program_that_is_gone() -> None:
    line = " 1:0 3 * * * root /opt/certbot-auto renew\n"
    assert faults(f"{TABLE}{line}gone /opt/certbot-auto\n") == ["gone"]


def test_a_path_that_is_no_program_of_this_machine_is_not_gone() -> None:
    gone = "gone /usr/bin/certbot\ngone /var/log/certbot.log\n"
    for command in (
        "docker exec web /usr/bin/certbot renew",
        "ssh front /usr/bin/certbot renew",
        "/usr/local/bin/certbot renew >> /var/log/certbot.log",
        "/usr/local/bin/certbot renew --logs-dir /var/log/certbot.log",
    ):
        assert faults(f"{TABLE} 1:0 3 * * * root {command}\n{gone}") == [""], command
    assert faults(f"{TABLE} 1:0 3 * * * root test -x /usr/bin/certbot && x\n{gone}") == ["gone"]


def test_a_program_that_is_linked_into_the_folders_of_cron() -> None:
    """As the guides for pip and snap say, beside the folder that comes first by its name."""
    head = HEAD.replace("/usr/local/bin", "/opt/certbot/bin") + "program /usr/bin/certbot\n"
    assert faults(f"{TABLE} 1:0 3 * * * root certbot renew\n", head) == [""]


def test_files_that_were_put_aside() -> None:
    line = " 1:0 3 * * * root /usr/local/bin/certbot renew\n"
    assert faults(f"table 644 0 0a /etc/cron.d/certbot.dpkg-dist\n{line}") == []
    assert faults("part 644 /etc/cron.daily/certbot.disabled\n") == []
    table = "table 600 0 0a /var/spool/fcron/root.orig\n"
    assert faults(f"{table} 1:0 3 * * * /usr/local/bin/certbot renew\n") == [""]


def test_tables_of_alpine() -> None:
    head = "now 1\ndaemon crond\n"
    table = "table 600 0 0a /etc/crontabs/root\n 1:0 3 * * * certbot renew\n"
    assert faults(table, head) == [""]
    assert faults("part 755 /etc/periodic/monthly/certbot\n", head) == ["rare"]


def test_certificates_of_a_person() -> None:
    text = "manual /etc/letsencrypt/renewal/Shop.example.com.conf\n"
    assert parse(text).by_hand == ("shop.example.com",)
