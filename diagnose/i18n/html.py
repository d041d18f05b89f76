"""The texts of the HTML and Markdown reports that the other writers do not have (see `reports`)."""

from diagnose.i18n.messages import Message, Messages, PluralMessage

MESSAGES = Messages(
    # The run
    Message("target", "Target"),
    Message("started", "When"),
    Message("took", "Took"),
    Message("again", "Run again"),
    Message("looked-from", "Looked from"),
    Message("judged", "Judged"),
    Message("looked-inside", "Looked inside"),
    Message("outside", "{hostname} (not the server)"),
    Message("inside", "{hostname} (the server)"),
    Message("through", "{hostname}, {via}"),
    Message("with-root", ", as root"),
    Message("without-root", ", not as root"),
    Message("version", "Version"),
    Message("versions", "diagnose {version}, schema {schema}"),
    # Layers
    Message("layer-states", "Layers"),
    Message("layer", "Layer"),
    Message("state", "State"),
    Message("reason", "Reason"),
    Message("state.ok", "ok"),
    Message("state.warning", "warning"),
    Message("state.error", "error"),
    Message("state.unknown", "not known"),
    Message("state.skipped", "not looked at"),
    # Findings
    Message("causes", "Root causes"),
    Message("about", "about"),
    Message("confidence", "confidence"),
    Message("evidence", "What was seen"),
    PluralMessage("more", "{count} more", "{count} more"),
    Message("on-server", "on the server"),
    Message("elsewhere", "from elsewhere"),
    Message("seen-side-by-side", "Seen side by side"),
    Message("here", "here"),
    Message("excluded", "Ruled out"),
    Message("follows", "What follows from it"),
    Message("fix", "Fix"),
    Message("verify", "Verify"),
    Message("meaning", "What it means"),
    Message("notes", "Notes"),
    Message("ignored", "Ignored"),
    Message("marked-line", "the line at fault"),
    # The rest
    Message("unseen", "What could not be seen"),
    Message("timeline", "Timeline"),
    Message(
        "timeline-caption",
        "In the order in which it was looked at, from the start of the run. "
        "A hollow bar: the attempt failed.",
    ),
    Message("start", "Start"),
    Message("seen", "Seen"),
    Message("observations", "All observations"),
    Message("observations-caption", "Each with the command that shows the same."),
    Message("number", "No."),
    PluralMessage("several", "{count} target", "{count} targets"),
)

translate = MESSAGES.translate
