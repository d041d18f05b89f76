"""Characters that look right and are others."""

import time

from diagnose.parsers.odd_characters import odd_characters, replaced


def test_the_plain_characters_take_their_place() -> None:
    assert replaced("\ufeffshop {\n\tbind\u00a0:80\u200b\n") == "shop {\n\tbind :80\n"
    assert [each.offset for each in odd_characters("a\u00a0b \u201cc\u201d")] == [1, 4, 6]


def test_comments_and_quoted_words_stay() -> None:
    text = '# caf\u00e9\u00a0bar\nsay "a\u00a0b"\n'
    assert replaced(text) == text
    assert not odd_characters(text)


def test_reads_a_long_text_in_one_pass() -> None:
    for part in ("\u3000", '"a" \u201c', "' \u00a0"):
        text = part * 40_000
        start = time.perf_counter()
        assert len(odd_characters(text)) >= 20_000
        replaced(text)
        assert time.perf_counter() - start < 5
