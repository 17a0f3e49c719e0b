"""What became of promotions, codes and claims in a quote, in the caller's language."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from miaohui.host.answers import spoken
from miaohui.host.order_price import CartPrice
from miaohui.host.orders import ClaimInput
from miaohui.host.quote import NotGranted, Told, TypedCode, plain
from miaohui.host.setup import Entry
from miaohui.plays._contract import Refusal
from miaohui.pricing.explain import SENTENCES, said
from miaohui.pricing.priced import Outcome


class Words(Struct, frozen=True):
    """Says things in `language`, amounts in `currency`."""

    language: str
    currency: str

    def told(
        self, entries: Sequence[Entry], priced: CartPrice, out: Iterable[tuple[Entry, Refusal]]
    ) -> tuple[Told, ...]:
        """Every promotion that was looked at: in the order of their turns what the engine says, then those that were left `out`."""
        by_id = {entry.current.id: entry for entry in entries}
        titles = {id: entry.current.title for id, entry in by_id.items()}
        found = []
        for outcome in priced.priced.outcomes:
            entry = by_id[outcome.promotion]
            words = said(outcome, entry.offer().promotion, self.currency, self.language, titles)
            for sku in entry.current.rules.gifts():  # gifts by their names
                if title := entry.current.rules.titles.get(sku):
                    words = words.replace(sku, title(self.language))
            found.append(self._judged(entry, outcome, words))
        return (*found, *(self._left_out(entry, refusal) for entry, refusal in out))

    def _judged(self, entry: Entry, outcome: Outcome, words: str) -> Told:
        setup = entry.current
        return Told(
            campaign=setup.campaign,
            play=setup.play,
            title=setup.title(self.language),
            status=outcome.status,
            code=outcome.code,
            sentence=words,
            data=dict(outcome.data),
            by=outcome.by,
            saved_minor=outcome.saved_minor,
            lines=outcome.lines,
        )

    def _left_out(self, entry: Entry, refusal: Refusal) -> Told:
        setup = entry.current
        return Told(
            campaign=setup.campaign,
            play=setup.play,
            title=setup.title(self.language),
            status="not_eligible",
            code=refusal.code,
            sentence=self._refused(entry, refusal),
            data=refusal.data,
        )

    def codes(
        self,
        typed: Iterable[str],
        told: Iterable[Told],
        owned: Mapping[tuple[str, str], Iterable[str]],
        too_fast: Collection[str],
    ) -> tuple[TypedCode, ...]:
        """What became of each code that was typed; `owned`: (campaign, play) -> the codes of that promotion; `too_fast`: those that
        were not looked up."""
        by_code = {plain(code): one for one in told for code in owned.get((one.campaign, one.play), ())}
        found = []
        for code in typed:
            one = by_code.get(plain(code))
            if code in too_fast:
                words = spoken(Refusal("too_fast"), self.language).sentence
                found.append(TypedCode(code=code, accepted=False, reason="too_fast", sentence=words))
            elif one is None:
                words = SENTENCES["unknown_code"](self.language)
                found.append(TypedCode(code=code, accepted=False, reason="unknown_code", sentence=words))
            else:
                accepted = one.status == "applied"
                found.append(TypedCode(code=code, accepted=accepted, reason=one.code, sentence=one.sentence))
        return tuple(found)

    def not_granted(self, claim: ClaimInput, entry: Entry | None, refusal: Refusal) -> NotGranted:
        """A claim on another play that would be refused."""
        said = self._refused(entry, refusal) if entry else spoken(refusal, self.language).sentence
        return NotGranted(campaign=claim.campaign, play=claim.play, code=refusal.code, sentence=said, data=refusal.data)

    def _refused(self, entry: Entry, refusal: Refusal) -> str:
        setup = entry.current
        return spoken(refusal, self.language, entry.machine.module.SENTENCES, setup.currency, setup.zone).sentence
