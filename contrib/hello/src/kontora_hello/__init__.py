"""Hello: the smallest plugin that uses every extension point of Kontora. Copy it."""

from kontora.api import Manifest, translator

_ = translator("hello", __package__)

plugin = Manifest(
    name="hello",
    label=_("Hello"),
    summary=_("Greetings for contacts and counterparties: the example for plugin authors."),
    icon="message-circle",
)
