"""The texts of what changed since a target was last healthy (`diagnose.history`)."""

from diagnose.i18n.messages import Message, Messages

MESSAGES = Messages(
    Message("new", "{what} is new"),
    Message("gone", "{what} is gone"),
    Message("changed", "{what} changed"),
    Message("changed-at", "{what} changed at {when}"),
    Message("new-at", "{what} is new, of {when}"),
    Message("from-to", "{what}: {before} → {after}"),
    Message("parts", "{what}: {parts}"),
    Message("less", "no longer {parts}"),
    Message("more", "now {parts}"),
    Message("loaded", "nginx loaded its configuration at {when}"),
    Message("nginx-stopped", "nginx does not run any more"),
    Message("nginx-started", "nginx was started at {when}"),
    Message("listens", "{after} now listens on {at}"),
    Message("something", "something"),
    Message("listens-no-more", "nothing listens on {at} any more ({before} did)"),
    Message("listens-instead", "{after} listens on {at}, where {before} did"),
    # Subjects
    Message("address", "the {rest} address"),
    Message("certificate", "the certificate served"),
    Message("certificate-file", "the certificate in {rest}"),
    Message("rules", "the packet filter's rules ({rest})"),
    Message("application", "the application at {rest}"),
    Message("zone", "zone {rest}"),
    Message("policy", "policy {rest}"),
    Message("set", "address set {rest}"),
    Message("firewalld", "firewalld"),
    # Parts of fingerprints
    Message("state", "{name} {state}"),
    Message("(running)", "(running)"),
    Message("(permanent)", "(permanent)"),
)

translate = MESSAGES.translate
