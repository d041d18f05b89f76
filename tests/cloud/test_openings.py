import pytest

from diagnose.cloud.evaluation import INTERNET4, INTERNET6, Flow
from diagnose.cloud.openings import opened_sources


@pytest.mark.parametrize(
    ("family", "visitor", "networks"),
    [
        (4, "198.51.100.7", ["198.51.100.7/32", "0.0.0.0/0"]),
        (4, "198.51.100.7/24", ["198.51.100.0/24", "0.0.0.0/0"]),
        (6, "2001:db8::7", ["2001:db8::7/128", "::/0"]),
        (4, "2001:db8::7", ["0.0.0.0/0"]),
        (6, "", ["::/0"]),
        (4, "office", ["0.0.0.0/0"]),
    ],
)
def test_the_narrow_network_comes_first(family: int, visitor: str, networks: list[str]) -> None:
    flow = Flow(port=443, source=INTERNET4 if family == 4 else INTERNET6)
    assert [network for _, network in opened_sources(flow, visitor)] == networks
