"""The texts of `--baseline`."""

from diagnose.i18n.messages import Message, Messages

MESSAGES = Messages(
    Message("baseline.since", "since {at}, {url}. It was then: {state}"),
    Message(
        "baseline.other-target",
        "Its names are other ones: it is masked, or of another site. Only the verdict, the layers"
        " and the checks were compared.",
    ),
    Message("baseline.same", "Nothing is new, gone or changed."),
    Message("baseline.new", "new"),
    Message("baseline.gone", "gone"),
    Message("baseline.changed", "changed"),
    Message("baseline.changed.verdict", "verdict: {before} → {after}"),
    Message("baseline.changed.layer", "{name}: {before} → {after}"),
    Message("baseline.changed.finding", "{after} (before: {before}) [{name}]"),
    Message("baseline.changed.addresses", "addresses: {before} → {after}"),
    Message("baseline.changed.certificate", "certificate: {before} → {after}"),
)

translate = MESSAGES.translate
