"""Of several causes, the one that stops visitors first."""

from diagnose.checking.visit_order import sorted_roots, with_grave_first

LAYERS = {0: "server", 1: "certificate", 2: "http"}


def test_a_rule_that_is_met_with_the_answer_comes_after_the_handshake() -> None:
    causes = {0: None, 1: None, 2: 0}
    assert list(sorted_roots(causes, dict.fromkeys(causes, 1), LAYERS)) == [1, 0, 2]


def test_what_lets_nobody_in_comes_before_it() -> None:
    """The server does not run: its symptom is a refused connection."""
    causes = {0: None, 1: None, 2: 0, 3: 0}
    layers = {**LAYERS, 3: "tcp"}
    assert list(sorted_roots(causes, dict.fromkeys(causes, 1), layers)) == [0, 1, 2, 3]


def test_a_configuration_without_a_symptom_keeps_its_place() -> None:
    causes = {0: None, 1: None, 2: 1}
    assert list(sorted_roots(causes, dict.fromkeys(causes, 1), LAYERS)) == [0, 1, 2]


def test_an_answer_at_another_port_comes_after_those_of_the_target() -> None:
    causes, layers = dict.fromkeys(range(3)), {0: "http", 1: "http", 2: "certificate"}
    assert list(sorted_roots(causes, dict.fromkeys(causes, 1), layers, {0, 2})) == [2, 1, 0]


def test_a_cause_of_less_weight_stays_behind() -> None:
    causes = {0: None, 1: None, 2: 0}
    assert list(sorted_roots(causes, {0: 1, 1: 2, 2: 1}, LAYERS)) == [0, 1, 2]


def test_a_certificate_that_is_not_renewed_comes_before_a_missing_redirect() -> None:
    causes, layers = {0: None, 1: None, 2: 1}, {0: "http", 1: "nginx", 2: "certificate"}
    equal = dict.fromkeys(causes, "warning")
    assert list(with_grave_first([0, 1], causes, equal, layers, {0, 1})) == [1, 0]
    assert list(with_grave_first([0, 1], causes, equal, layers, {1})) == [0, 1]
    assert list(with_grave_first([0, 1], causes, {0: "error", 1: "warning"}, layers, {0})) == [0, 1]
