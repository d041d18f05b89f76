import pytest

from diagnose.parsers.linux.lego_commands import lego_command

LINE = (
    "17 4 * * * root /usr/local/bin/lego --path /etc/lego --email a@shop.example.com --http"
    " --http.port :81 -d shop.example.com -d www.shop.example.com -a renew"
    " --renew-hook 'nginx -s reload' >/dev/null 2>&1"
)


def test_a_line_of_cron_has_the_command_its_name_and_its_port() -> None:
    command = lego_command(LINE)
    assert command is not None
    assert (command.name, command.port) == ("shop.example.com", 81)
    assert command.words[0] == "/usr/local/bin/lego"
    assert command.words[-2:] == ("--renew-hook", "nginx -s reload")


@pytest.mark.parametrize(
    ("line", "port"),
    [
        ("ExecStart=/usr/bin/lego --http --domains=shop.example.com renew", 80),
        ("lego --http --http.port=127.0.0.1:8402 -d shop.example.com renew && reload", 8402),
        ("  lego -http -domains shop.example.com run", 80),
    ],
)
def test_units_and_scripts_have_it_too(line: str, port: int) -> None:
    command = lego_command(line)
    assert command is not None
    assert (command.name, command.port) == ("shop.example.com", port)


@pytest.mark.parametrize(
    "line",
    [
        "lego --dns cloudflare -d shop.example.com renew",
        "lego --http --http.webroot /var/www/html -d shop.example.com renew",
        "lego --http -d $DOMAIN renew",
        "lego --http --eab --hmac abc -d shop.example.com renew",
        "lego --http --pfx --pfx.pass hunter2 -d shop.example.com renew",
        "lego --http -d 'shop.example.com renew",
        "lego --http renew",
        "lego --http --http.port :x -d shop.example.com renew",
        "legolas --http -d shop.example.com",
        "",
    ],
)
def test_other_ways_and_words_that_are_not_known_give_none(line: str) -> None:
    assert lego_command(line) is None
