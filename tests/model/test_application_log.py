"""How what an application wrote is shown on one line."""

from diagnose.model.application_log import ApplicationLog, FailedUnit


def test_the_last_line_is_the_reason() -> None:
    log = ApplicationLog(
        target="http://127.0.0.1:3000", address="127.0.0.1", port=3000, status=500,
        process="gunicorn", source="/var/log/shop.log", lines=("first", "KeyError: 'x'"),
    )  # fmt: skip
    assert log.summary() == ("application gunicorn, /var/log/shop.log", "KeyError: 'x'")


def test_a_journal_has_the_name_of_the_service() -> None:
    log = ApplicationLog(
        target="http://127.0.0.1:3000", address="127.0.0.1", port=3000, status=500, unit="shop"
    )
    assert (log.reason, log.summary()[0]) == (
        "",
        "application http://127.0.0.1:3000, journal of shop",
    )
    assert FailedUnit(unit="shop", state="failed", message="m").summary()[1] == "m"
