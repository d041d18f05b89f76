from diagnose.model.clock import Clock
from tests.support.summaries import summary_text


def test_the_difference_has_a_sign() -> None:
    assert summary_text(Clock(source="203.0.113.10", ahead_s=90.4))[1] == "+90 s"
    assert summary_text(Clock(source="203.0.113.10", ahead_s=-3))[1] == "-3 s"
    assert summary_text(Clock(source="203.0.113.10", ahead_s=-0.2))[1] == "+0 s"
