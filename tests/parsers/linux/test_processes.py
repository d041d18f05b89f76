from diagnose.model.processes import Holder
from diagnose.parsers.linux.processes import parse_holders


def test_the_states_of_processes() -> None:
    text = "37 (nginx) T 35 35 35\n38 (my (odd) name) D 1 1\nnothing\n"
    assert parse_holders(text) == (Holder(37, "nginx", "T"), Holder(38, "my (odd) name", "D"))


def test_at_most_a_hundred_are_read() -> None:
    assert len(parse_holders("".join(f"{pid} (x) S 1\n" for pid in range(1, 300)))) == 100
