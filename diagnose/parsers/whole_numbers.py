"""Whole numbers that strangers write: ports, lengths, statuses."""

#: Most digits of a number. Python refuses more than 4300 (sys.set_int_max_str_digits).
MAX_DIGITS = 18


def whole_number(text: str, digits: int = MAX_DIGITS) -> int | None:
    """Return the number that the text is: ASCII digits alone, at most so many. None for anything
    else; `str.isdigit` accepts "²", and `int` does not."""
    is_number = text.isascii() and text.isdigit() and len(text) <= digits
    return int(text) if is_number else None
