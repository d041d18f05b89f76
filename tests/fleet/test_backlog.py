from diagnose.fleet.backlog import Backlog


def taken(backlog: Backlog[str]) -> list[str]:
    jobs = []
    while (entry := backlog.take()) is not None:
        jobs.append(entry[1])
    return jobs


def test_a_key_with_enough_jobs_at_work_holds_up_no_other() -> None:
    backlog: Backlog[str] = Backlog(per_key=2)
    for key, job in (("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1")):
        backlog.add(key, job)
    assert taken(backlog) == ["a1", "a2", "b1"]
    assert len(backlog) == 1


def test_the_first_that_waits_follows_one_that_ended() -> None:
    backlog: Backlog[str] = Backlog(per_key=1)
    for job in ("a1", "a2", "a3"):
        backlog.add("a", job)
    assert taken(backlog) == ["a1"]
    backlog.release("a")
    assert taken(backlog) == ["a2"]
    backlog.release("a")
    assert taken(backlog) == ["a3"]
    assert not len(backlog)
