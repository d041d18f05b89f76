"""The options of `diagnose serve` have the names of blackbox_exporter's."""

import argparse

import pytest

from diagnose.cli.serve_options import add_serve_options
from diagnose.parsers.target import UsageError


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_serve_options(parser)
    return parser.parse_args(list(words))


def test_the_defaults_are_those_of_blackbox_exporter() -> None:
    options = parsed()
    assert (options.config_file, options.timeout_offset) == ("blackbox.yml", 0.5)
    assert (options.history_limit, options.listen, options.config_check) == (100, [], False)


def test_its_names_are_taken_with_a_point() -> None:
    options = parsed("--config.file=b.yml", "--config.check", "--web.listen-address", ":9115")
    assert (options.config_file, options.config_check) == ("b.yml", True)
    assert options.listen == [":9115"]


@pytest.mark.parametrize("word", ["--history.limit=-1", "--log.prober=loud", "--max-probes=x"])
def test_a_wrong_value_is_a_usage_error(word: str) -> None:
    with pytest.raises(UsageError, match="--"):
        parsed(word)
