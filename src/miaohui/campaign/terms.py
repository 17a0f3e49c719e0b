"""The words with which the sections of a document are described: a sentence for each field, names that refer to something.

How a field is written follows from its name and type, as for the `Rules` of plays (`plays/_fields`): `_minor` is money, `_ppm` a
percentage, `_ms` a time. A name that refers to something carries what it refers to, so that the reader can say what there is.
"""

from typing import Annotated, Any

from msgspec import Meta

NAME = r"^[a-z][a-z0-9_-]{0,63}$"
"""What is named in a document: part of account keys, of addresses and of events."""


EVERYBODY = "everybody"
"""The audience that is always there."""


def told(en: str, zh: str, **limits: Any) -> Meta:
    """A field's sentence in both languages, with its limits."""
    return Meta(description=en, extra={"zh": zh}, **limits)


Name = Annotated[str, Meta(pattern=NAME)]
NotNegative = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Person = Annotated[str, Meta(extra={"refers": "person"})]
AudienceName = Annotated[str, Meta(extra={"refers": "audience"})]
ProductName = Annotated[str, Meta(extra={"refers": "product"})]
PlayName = Annotated[str, Meta(extra={"refers": "play_here"})]
GoalName = Annotated[str, Meta(extra={"refers": "goal"})]
ContentName = Annotated[str, Meta(extra={"refers": "content"})]
MerchantName = Annotated[str, Meta(extra={"refers": "merchant"})]
TaskName = Annotated[str, Meta(extra={"refers": "task"})]
