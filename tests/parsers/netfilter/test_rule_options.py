from diagnose.parsers.netfilter.rule_options import Option, parse_options


def test_an_option_has_the_arguments_that_follow_it() -> None:
    assert parse_options(("--match-set", "banned", "src", "--dport", "443")) == (
        Option("match-set", ("banned", "src")),
        Option("dport", ("443",)),
    )


def test_an_exclamation_mark_stands_before_the_option_or_behind_it() -> None:
    negated = (Option("dport", ("443",), negated=True),)
    assert parse_options(("!", "--dport", "443")) == negated
    assert parse_options(("--dport", "!", "443")) == negated


def test_a_negative_number_is_no_option() -> None:
    assert parse_options(("--tos", "-1")) == (Option("tos", ("-1",)),)
