from diagnose.fleet.progress import Progress, duration_text


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def after(seconds: int, per_second: int, total: int | None) -> Progress:
    """Return the progress after some seconds at an even pace."""
    clock = Clock()
    progress = Progress(total, clock=clock)
    progress.sample()
    for _ in range(seconds):
        clock.now += 1
        for _ in range(per_second):
            progress.count("ok")
        progress.sample()
    return progress


def test_it_says_what_is_done_and_fails() -> None:
    progress = Progress(10)
    for status in ("ok", "warning", "critical", "unknown", "usage"):
        progress.count(status)
    assert progress.text("en") == "5 of 10 done, 3 failing"


def test_an_estimate_comes_when_the_rate_is_known() -> None:
    assert after(2, 5, 1000).seconds_left is None
    assert after(20, 5, 1000).text("en") == "100 of 1000 done, 0 failing, 5.0/s, about 3 min left"


def test_a_list_of_unknown_length_has_no_estimate() -> None:
    assert after(20, 5, None).text("en") == "100 of ? done, 0 failing, 5.0/s"


def test_the_rate_is_that_of_the_last_minute() -> None:
    progress = after(100, 10, 100_000)
    clock = progress.clock
    assert isinstance(clock, Clock)
    for _ in range(61):
        clock.now += 1
        progress.count("ok")
        progress.sample()
    assert progress.rate == 1.0
    assert progress.seconds_left == 100_000 - 1061


def test_nothing_done_in_a_minute_is_no_estimate() -> None:
    assert after(100, 0, 50).seconds_left is None


def test_durations_are_as_precise_as_an_estimate_can_be() -> None:
    durations = [duration_text(seconds) for seconds in (0, 42, 59.9, 60, 754, 3600, 12000)]
    assert durations == ["5 s", "40 s", "60 s", "1 min", "13 min", "1 h 0 min", "3 h 20 min"]
