from diagnose.model.processes import Holder, PortHolders
from tests.support.summaries import summary_text


def test_a_stopped_process_is_a_fault() -> None:
    stopped, traced, at_work = Holder(1, "x", "T"), Holder(2, "x", "t"), Holder(3, "x", "S")
    assert PortHolders(port=443, holders=(at_work, stopped)).shows_fault
    assert traced.is_stopped
    assert not PortHolders(port=443, holders=(at_work,)).shows_fault
    assert summary_text(PortHolders(port=443, holders=(stopped,))) == (
        "processes of port 443",
        "x 1 T",
    )
