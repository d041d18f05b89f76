from diagnose.parsers.cdn import ALIASES


def test_each_name_is_a_suffix_with_one_owner() -> None:
    suffixes = [suffix for suffix, _ in ALIASES]
    assert len(set(suffixes)) == len(suffixes)
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in suffixes)
    assert not any(
        suffix != other and suffix.endswith(other) for suffix in suffixes for other in suffixes
    )
