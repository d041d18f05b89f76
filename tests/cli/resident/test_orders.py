import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.cli.resident.orders import parse_order
from diagnose.processes.resident_client import identity, request_message


def test_a_request_is_read_as_it_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "ODD", "a=b\n\udcff")
    order = parse_order(request_message(["diagnose", "--json", "ünï\udcff"]))
    assert list(map(os.fsdecode, order.identity)) == identity()
    assert [os.fsdecode(word) for word in order.words] == ["diagnose", "--json", "ünï\udcff"]
    assert b"ODD=a=b\n\xff" in order.environment
    assert sys.executable in identity()[1]


@given(st.binary(max_size=200))
def test_any_bytes_are_an_order_or_an_error(message: bytes) -> None:
    try:
        order = parse_order(message)
    except ValueError:
        return
    assert order.words


@pytest.mark.parametrize("head", [b"", b"1", b"1 2 3", b"2 2\0a", b"0 0", b"-1 1\0a\0b"])
def test_counts_that_do_not_fit_are_no_request(head: bytes) -> None:
    with pytest.raises(ValueError):
        parse_order(head)
