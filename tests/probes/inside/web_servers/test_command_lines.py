import pytest

from diagnose.parsers.command_options import parse_command_line

VALUED = {"-f", "-D", "--config"}


@pytest.mark.parametrize(
    ("title", "options", "further"),
    [
        ("", {}, ()),
        ("haproxy -W -f a.cfg -f b.cfg", {"-W": [""], "-f": ["a.cfg", "b.cfg"]}, ()),
        ("httpd -DSSL -D TEST", {"-D": ["SSL", "TEST"]}, ()),
        ("caddy run --config=/a --resume", {"--config": ["/a"], "--resume": [""]}, ()),
        ("haproxy -f -f", {"-f": ["-f"]}, ()),
        ("haproxy -f", {"-f": [""]}, ()),
        ("haproxy -f a -- b c", {"-f": ["a"]}, ("b", "c")),
    ],
)
def test_options_and_values(
    title: str, options: dict[str, list[str]], further: tuple[str, ...]
) -> None:
    assert parse_command_line(title, VALUED) == (options, further)
