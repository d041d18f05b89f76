"""The table of the probes: it names every module, and a run's part of them."""

import pytest

from diagnose import probes
from diagnose.cli.probe_table import ROWS, command_text, rows_of
from diagnose.model import LAYERS, Side
from diagnose.parsers.target import parse_target
from diagnose.probes import Options


def names(side: Side, target: str = "shop.example.com", **options: object) -> set[str]:
    rows = rows_of(parse_target(target), Options(**options))  # type: ignore[arg-type]
    return {row.name for row in rows if row.side is side}


def test_every_module_of_probes_has_its_row() -> None:
    outside = [*probes.OUTSIDE, *probes.VANTAGES.values(), probes.ORIGIN, probes.CLOUD]
    inside = [*probes.INSIDE, *probes.AFTER_FAILURE]
    assert [row.name for row in ROWS if row.side is Side.OUTSIDE] == outside
    assert [row.name for row in ROWS if row.side is Side.INSIDE] == inside


def test_a_row_names_layers_and_a_command() -> None:
    for row in ROWS:
        assert set(row.layers) <= set(LAYERS)
        assert row.command.isprintable()


def test_a_side_that_is_left_out_has_no_rows() -> None:
    assert not names(Side.INSIDE, inside=False)
    assert not names(Side.OUTSIDE, inside=True, outside=False)
    assert names(Side.INSIDE) >= {"system", "nginx", "cloud"}


def test_a_layer_that_is_left_out_has_no_rows() -> None:
    assert names(Side.OUTSIDE) == {"dns", "tcp", "tls", "http"}
    assert names(Side.OUTSIDE, only=("tcp",)) == {"dns", "tcp"}
    assert "nginx" not in names(Side.INSIDE, skip=("nginx", "websocket"))
    assert names(Side.OUTSIDE, "http://shop.example.com/") == {"dns", "tcp", "http"}
    assert names(Side.OUTSIDE, "wss://shop.example.com/ws") >= {"websocket"}


def test_what_an_option_asks_for_has_rows() -> None:
    options = Options(
        vantages=("ssh://me@laptop", "globalping"), origin_address="203.0.113.9", cloud=True
    )
    rows = rows_of(parse_target("shop.example.com"), options)
    outside = {row.name for row in rows if row.side is Side.OUTSIDE}
    assert outside >= {"vantages", "globalping", "origin", "cloud"}


@pytest.mark.parametrize("target", ["https://[2001:db8::1]:8443/a?b=$(id)", "shop.example.com"])
def test_a_command_is_quoted(target: str) -> None:
    import shlex

    for row in ROWS:
        text = command_text(row, parse_target(target), Options())
        words = shlex.split(text, comments=True)
        assert "$(id)" not in [word for word in words if "://" not in word]
        if "curl" in text and "[2001" in text:
            assert "'https://[2001:db8::1]:8443/a?b=$(id)'" in text
