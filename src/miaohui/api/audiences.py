"""Audiences over HTTP: is a condition right, whom does it mean, and why.

    POST /audiences/parse   {"text": "stage is silent"} or {"tree": {...}}   -> both forms, and words the data does not know
    POST /audiences/count   the same, "samples": 20, "simulated": false      -> also counts, consents and sample members

A condition that cannot be read is 422 `bad_condition` with its place: offset and length (characters of `text`), what was
expected, what was found, the nearest known word. A tree is checked through its text, so its mistakes have a place too.
"""

from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from miaohui.api.refusals import ApiRefusal, shop_only
from miaohui.audiences.count import Counted, PartCount, count, everybody_in
from miaohui.audiences.explain import MEMBERS_MAX, Reason, sample
from miaohui.audiences.known import Known, learn, vocabulary
from miaohui.audiences.language import Reading, read
from miaohui.audiences.mistakes import BadCondition
from miaohui.audiences.tree import Condition
from miaohui.audiences.writing import checked, write
from miaohui.customers import consent, identities
from miaohui.pages.language import language_of
from miaohui.text import Text
from miaohui.workspace import Workspace


class Asked(Struct, forbid_unknown_fields=True):
    """A condition, as text or as a tree."""

    text: str | None = None
    tree: dict[str, Any] | None = None


class CountAsked(Asked):
    """A condition to be counted; at most 200 sample members. `simulated` counts simulated events as well."""

    samples: Annotated[int, Meta(ge=0, le=MEMBERS_MAX)] = 20
    simulated: bool = False


class Hint(Struct):
    """A word of the text that no customer's data holds."""

    offset: int
    length: int
    sentence: str
    nearest: str


class Parsed(Struct):
    """A condition in both forms."""

    text: str
    tree: dict[str, Any]
    hints: list[Hint]


class SampleMember(Struct):
    """A customer who is in, how pages call him, and what brought him in."""

    customer: str
    label: str
    reasons: tuple[Reason, ...]


class CountAnswer(Parsed):
    """`customers` of `total` are in as of `now_ms`; `parts` counts each condition by itself; `consents`: how many agree to what."""

    customers: int
    total: int
    now_ms: int
    parts: tuple[PartCount, ...]
    consents: dict[str, int]
    samples: list[SampleMember]


@post("/audiences/parse", guards=[shop_only], status_code=200, summary="Read a condition", tags=["audiences"])
async def parse_audience(
    request: Request[Any, Any, Any], workspace: NamedDependency[Workspace], data: JSONBody[Asked]
) -> Parsed:
    """Read a condition and give it back as text and as a tree."""
    known = await _known(workspace)
    return Parsed(**_both(_read(request, data, known), known, language_of(request)))


@post("/audiences/count", guards=[shop_only], status_code=200, summary="Count a condition", tags=["audiences"])
async def count_audience(
    request: Request[Any, Any, Any], workspace: NamedDependency[Workspace], data: JSONBody[CountAsked]
) -> CountAnswer:
    """Count a condition before anybody is reached."""
    known, now_ms, store = await _known(workspace), workspace.clock(), workspace.events
    reading = _read(request, data, known)
    counted: Counted = await count(store, reading.condition, known, now_ms, simulated=data.simulated)
    members = await sample(store, reading.condition, known, now_ms, size=data.samples, simulated=data.simulated)
    everybody = await everybody_in(store, reading.condition, known, now_ms, simulated=data.simulated)
    async with workspace.db.acquire() as connection:
        consents = await consent.agreeing(connection, everybody)
        labels = await identities.labels(connection, workspace.vault, [member.customer for member in members])
    return CountAnswer(
        **_both(reading, known, language_of(request)),
        customers=counted.customers,
        total=counted.total,
        now_ms=counted.now_ms,
        parts=counted.parts,
        consents=consents,
        samples=[SampleMember(m.customer, labels.get(m.customer, ""), m.reasons) for m in members],
    )


async def _known(workspace: Workspace) -> Known:
    return await learn(workspace.events, Known(workspace.currency, workspace.zone, vocabulary()))


def _read(request: Request[Any, Any, Any], asked: Asked, known: Known) -> Reading:
    if (asked.text is None) == (asked.tree is None):
        wanted = Text("请填 text 或 tree 之一", "Send either text or tree")
        raise ApiRefusal(422, "bad_request", wanted, {"text": asked.text, "tree": asked.tree})
    try:
        if asked.text is not None:
            return read(asked.text, known)
        condition: Condition = msgspec.convert(asked.tree, Condition)
        return read(write(checked(condition, known), known.currency), known)
    except BadCondition as bad:
        language = language_of(request)
        place = {
            "text": bad.text,
            "offset": bad.offset,
            "length": bad.length,
            "expected": [word(language) for word in bad.expected],
            "found": bad.found,
            "nearest": bad.nearest,
        }
        raise ApiRefusal(422, bad.code, bad.sentence, place) from None
    except msgspec.ValidationError as wrong:
        problem = str(wrong)
        raise ApiRefusal(
            422,
            "bad_request",
            Text(f"条件树不合格式：{problem}", f"The tree does not fit: {problem}"),
            {"tree": problem},
        ) from None


def _both(reading: Reading, known: Known, language: str) -> dict[str, Any]:
    return {
        "text": write(reading.condition, known.currency),
        "tree": msgspec.to_builtins(reading.condition),
        "hints": [Hint(h.offset, h.length, h.sentence(language), h.nearest) for h in reading.hints],
    }


HANDLERS = [parse_audience, count_audience]
