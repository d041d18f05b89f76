from diagnose.i18n.reports import text_or_key, translate


def test_a_reason_is_a_key_or_a_text() -> None:
    assert text_or_key("needs-root", "en") == "needs root"
    assert text_or_key("needs root", "zh") == "需要 root 权限"
    assert text_or_key("/etc/nginx: Permission denied", "zh") == "/etc/nginx: Permission denied"


def test_braces_in_a_fact_stay() -> None:
    assert translate("missing", "zh", what="{what}") == "未看到：{what}"
