"""The reports made by hand have words of their own here too."""

from tests.outputs.conftest import own_words

__all__ = ["own_words"]
