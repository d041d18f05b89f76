from dataclasses import replace

from diagnose.parsers.accepted_forms import MAX_PATHS, accepted_forms
from diagnose.parsers.access_log import AccessLine

REFUSED = AccessLine(
    100.0, "12:00:00", "POST", "/login", False, 403, referer="https://shop.example.com/login"
)
TAKEN = replace(REFUSED, when=110.0, written="12:00:10", status=302)


def forms(
    *lines: AccessLine, is_shared: bool = False, told: str = "", since: float = 0.0
) -> list[tuple[str, int, str]]:
    found = accepted_forms(lines, "/a.log", {"shop.example.com"}, is_shared, told, since)
    return [(form.path, form.status, form.written) for form in found]


def test_a_form_that_was_refused_and_is_accepted_now() -> None:
    assert forms(REFUSED, TAKEN) == [("/login", 302, "12:00:10")]
    other = replace(REFUSED, path="/b"), replace(TAKEN, path="/b", status=200)
    assert forms(REFUSED, *other, TAKEN) == [("/login", 302, "12:00:10"), ("/b", 200, "12:00:10")]
    many = [replace(line, path=f"/{n}") for n in range(9) for line in (REFUSED, TAKEN)]
    assert len(forms(*many)) == MAX_PATHS


def test_one_that_is_refused_again_or_was_never_refused() -> None:
    assert not forms(TAKEN, REFUSED)
    assert not forms(REFUSED, TAKEN, REFUSED)
    assert not forms(TAKEN)
    assert not forms(REFUSED, replace(TAKEN, status=502))
    assert not forms(REFUSED, replace(TAKEN, method="GET"))


def test_another_origin_is_another_form() -> None:
    assert not forms(REFUSED, replace(TAKEN, referer="https://www.shop.example.com/login"))
    assert not forms(REFUSED, replace(TAKEN, path="/other"))
    elsewhere = [replace(line, referer="") for line in (REFUSED, TAKEN)]
    assert not forms(*elsewhere, is_shared=True)


TOLD = "Forbidden (Referer checking failed - https://shop.example.com/ does not match): /login"


def test_one_that_a_message_has_as_refused_and_the_log_as_accepted() -> None:
    assert forms(TAKEN, told=TOLD) == [("/login", 302, "12:00:10")]
    assert not forms(replace(TAKEN, path="/log"), told=TOLD)
    assert not forms(replace(TAKEN, path="/"), told=TOLD)
    assert not forms(replace(TAKEN, referer=""), told=TOLD), "no page of the site sent it"
    assert not forms(TAKEN, told=TOLD, since=200.0), "the configuration was loaded since"
    other = replace(REFUSED, referer="https://www.shop.example.com/login")
    assert not forms(other, TAKEN, told=TOLD), "another name of the site is refused"
