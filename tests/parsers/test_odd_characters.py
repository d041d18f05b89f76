"""Characters that look right and are others."""

from diagnose.parsers.odd_characters import odd_characters, replaced


def test_the_plain_characters_take_their_place() -> None:
    assert replaced("\ufeffshop {\n\tbind\u00a0:80\u200b\n") == "shop {\n\tbind :80\n"
    assert [each.offset for each in odd_characters("a\u00a0b \u201cc\u201d")] == [1, 4, 6]


def test_comments_and_quoted_words_stay() -> None:
    text = '# caf\u00e9\u00a0bar\nsay "a\u00a0b"\n'
    assert replaced(text) == text
    assert not odd_characters(text)
