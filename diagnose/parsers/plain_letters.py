"""Letters without their marks: people leave out accents, or have no key for them. No I/O."""

import unicodedata


def _plain(code: int) -> str:
    """Return the letter under the marks of a Latin letter, in lower case; "" if it has none."""
    letters = unicodedata.normalize("NFD", chr(code).lower())
    marks = letters[1:]
    is_marked = letters[:1].isascii() and marks and all(map(unicodedata.combining, marks))
    return letters[0] if is_marked else ""


#: One letter for one: a place in the folded text is the same in the text. Those that
#: re.IGNORECASE takes for one (U+0130, U+0131, U+017F, U+212A) are one.
_PLAIN = {
    code: plain for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)) if (plain := _plain(code))
} | str.maketrans("İıſKłŁøØđĐ’", "iisklloodd'")


def folded(text: str) -> str:
    """Return a text of the same length in lower case, without accents."""
    return text.translate(_PLAIN).lower()
