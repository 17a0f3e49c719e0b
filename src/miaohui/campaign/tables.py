"""Values of a document, kind by kind: what was read, or LOST with the problem noted.

`Tables` is the part of the reader that knows no section by name; what a product or a play is, `reader` adds.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any, Final, assert_never

from miaohui.campaign import grammar, promotion_gives, promotion_when, promotion_words, values
from miaohui.campaign.grammar import (
    Amount,
    Both,
    Choice,
    Covers,
    Frequency,
    Gifts,
    Gives,
    Instant,
    Kind,
    Many,
    Named,
    Number,
    Off,
    Percent,
    PlaysHere,
    Table,
    Valid,
    Ware,
    When,
    Whole,
    Window,
    Words,
    YesNo,
)
from miaohui.campaign.places import Path
from miaohui.campaign.problem import Problems
from miaohui.campaign.sentences import CODES
from miaohui.campaign.times import Days, Unreadable
from miaohui.plays._fields import Given, Validity
from miaohui.text import Text


class Lost:
    """What could not be read; the problem is noted."""


LOST: Final = Lost()


class Tables:
    """Reads values of one document. `days` is None once the phases are lost: then no time can be read, and none is reported."""

    problems: Problems
    currency: str
    days: Days | None
    names: Mapping[str, Sequence[str]]

    def ware(self, raw: Any, path: Path) -> Any:
        """A name of [products] -> the product."""
        raise NotImplementedError

    def play(self, raw: Any, path: Path) -> Any:
        """A table of [plays] -> the play."""
        raise NotImplementedError

    def promotions(self) -> promotion_words.Words:
        """What the texts of promotions are read by."""
        raise NotImplementedError

    # -- tables -----------------------------------------------------------------------------------------------------------

    def field(self, field: grammar.Field, raw: Mapping[str, Any], path: Path) -> Any:
        """The field's value, its default, or LOST."""
        if field.key in raw:
            return self.value(field.kind, raw[field.key], (*path, field.key))
        if not field.required:
            return field.default
        self.problems.add(path, "missing_key", key=field.key, expected=grammar.expected(field.kind))
        return LOST

    def unknown(self, kind: Table, raw: Mapping[str, Any], path: Path, *others: Table) -> None:
        """Report keys that no field of `kind` or `others` has."""
        known = [field.key for table in (kind, *others) for field in table.fields]
        for key in raw:
            if key not in known:
                self.problems.add((*path, key), "unknown_key", key=key, known=suggest(key, known))

    def fields(self, kind: Table, raw: Mapping[str, Any], path: Path, given: Mapping[str, Any]) -> Any:
        """`kind.cls` from `raw` and what is given; a Struct that checks itself is not made from parts that were lost."""
        done, whole = dict(given), True
        for field in kind.fields:
            found = self.field(field, raw, path)
            if not isinstance(found, Lost):
                done[field.name] = found
            elif field.required or hasattr(kind.cls, "__post_init__"):
                whole = False
        if not whole:
            return LOST
        try:
            return kind.cls(**done)
        except ValueError as refused:
            self.problems.add(path, "rules_refused", value=str(refused))
            return LOST

    def table(self, kind: Table, raw: Any, path: Path) -> Any:
        if not isinstance(raw, dict):
            raise values.misfit(kind, raw)
        self.unknown(kind, raw, path)
        return self.fields(kind, raw, path, {})

    def many(self, kind: Many, raw: Any, path: Path) -> Any:
        if isinstance(kind.of, Gives | When) and isinstance(raw, str):
            raw = [raw]  # one sentence needs no brackets
        if not isinstance(raw, list):
            raise values.misfit(kind, raw)
        if len(raw) < kind.fewest:
            raise Unreadable("too_few", key=str(path[-1]), limit=str(kind.fewest))
        found = [self.value(kind.of, element, (*path, n)) for n, element in enumerate(raw)]
        return tuple(element for element in found if not isinstance(element, Lost))

    def named(self, kind: Named, raw: Any, path: Path) -> Any:
        if not isinstance(raw, dict):
            raise values.misfit(kind, raw)
        done = {}
        for key, element in raw.items():
            if kind.keys.refers:
                self.refer(kind.keys.refers, key, (*path, key))
            elif not values.fits(kind.keys.pattern, key):
                self.problems.add((*path, key), "bad_name", value=values.shown(key), limit="64")
                continue
            found = self.value(kind.of, element, (*path, key))
            if not isinstance(found, Lost):
                done[key] = found
        return done

    # -- values -----------------------------------------------------------------------------------------------------------

    def value(self, kind: Kind, raw: Any, path: Path) -> Any:
        """What `raw` means, or LOST with the problem noted."""
        try:
            return self.meant(kind, raw, path)
        except Unreadable as problem:
            self.problems.add(path, problem.code, **problem.data)
        except promotion_words.NotWhole:
            pass
        except ValueError as refused:  # a promotion's effect or condition that makes no sense says so itself
            self.problems.add(path, "rules_refused", value=str(refused))
        return LOST

    def meant(self, kind: Kind, raw: Any, path: Path) -> Any:
        match kind:
            case Words():
                return self.refer(kind.refers, values.words(kind, raw), path)
            case Whole():
                return values.whole(kind, raw)
            case Number():
                return values.number(kind, raw)
            case Amount():
                return values.amount(kind, raw, self.currency)
            case Percent():
                return values.percent(kind, raw)
            case YesNo():
                return values.yes_no(kind, raw)
            case Choice():
                return values.choice(kind, raw)
            case Off():
                return values.offer(kind, raw, self.currency)
            case Frequency():
                return values.rate(kind, raw)
            case Instant():
                return self.instant(raw)
            case Window():
                return self.window(raw)
            case Both():
                return self.both(raw, path)
            case Ware():
                return self.ware(raw, path)
            case Valid():
                return self.valid(raw, path)
            case Gifts():
                return self.gifts(raw, path)
            case Gives():
                return promotion_gives.read(self.sentence(kind, raw), self.promotions())
            case When():
                return promotion_when.read(self.sentence(kind, raw), self.promotions())
            case Covers():
                lines = [raw] if isinstance(raw, str) else raw if isinstance(raw, list) else None
                if lines is None:
                    raise values.misfit(kind, raw)
                return self.promotions().scope([self.sentence(kind, line) for line in lines])
            case PlaysHere():
                return self.play(raw, path)
            case Many():
                return self.many(kind, raw, path)
            case Named():
                return self.named(kind, raw, path)
            case Table():
                return self.table(kind, raw, path)
        assert_never(kind)

    def sentence(self, kind: Kind, raw: Any) -> str:
        """A text, or the misfit."""
        if not isinstance(raw, str):
            raise values.misfit(kind, raw)
        return raw

    def refer(self, refers: str, name: str, path: Path) -> Any:
        """`name`, if it refers to nothing or to something that is there."""
        if not refers or not name or name in self.names.get(refers, [name]):
            return name
        code = f"unknown_{refers}"
        self.problems.add(path, code, value=values.shown(name), known=suggest(name, self.names[refers]))
        return LOST if CODES[code].level == "stop" else name

    def instant(self, raw: Any) -> Any:
        if self.days is None:
            return LOST
        if not isinstance(raw, str | date):
            raise values.misfit(Instant(), raw)
        return self.days.instant(raw)

    def window(self, raw: Any) -> Any:
        if self.days is None:
            return LOST
        if not isinstance(raw, str):
            raise values.misfit(Window(), raw)
        return self.days.window(raw)

    def both(self, raw: Any, path: Path) -> Any:
        if not isinstance(raw, dict):
            raise values.misfit(Both(), raw)
        self.unknown(grammar.table(Text), raw, path)
        missing = False
        for language, name in (("zh", Text(zh="中文", en="Chinese")), ("en", Text(zh="英文", en="English"))):
            written = raw.get(language)
            if written is None or (isinstance(written, str) and not written.strip()):
                self.problems.add(path, "missing_language", key=str(path[-1]), language=name)
                missing = True
            elif not isinstance(written, str):
                raise values.misfit(Both(), written)
            else:
                values.words(Words(), written)
        return LOST if missing else Text(zh=raw["zh"], en=raw["en"])

    def valid(self, raw: Any, path: Path) -> Any:
        if not isinstance(raw, dict):
            raise values.misfit(Valid(), raw)
        for key in raw:
            if key not in ("from", "days"):
                known = suggest(key, ["from", "days"])
                self.problems.add((*path, key), "unknown_key", key=key, known=known)
        if "days" not in raw:
            raise Unreadable("missing_key", key="days", expected=grammar.expected(Whole()))
        days = self.value(Whole(1, 3660), raw["days"], (*path, "days"))
        start = raw.get("from", "claim")
        from_ms = None if start == "claim" else self.value(Instant(), start, (*path, "from"))
        return LOST if isinstance(days, Lost) or isinstance(from_ms, Lost) else Validity(days, from_ms)

    def gifts(self, raw: Any, path: Path) -> Any:
        if not isinstance(raw, dict):
            raise values.misfit(Gifts(), raw)
        if not raw:
            raise Unreadable("too_few", key=str(path[-1]), limit="1")
        done = []
        for name, written in raw.items():
            audience = self.refer("audience", name, (*path, name))
            offer = self.value(Off(), written, (*path, name))
            if not isinstance(audience, Lost) and not isinstance(offer, Lost):
                done.append(Given(name, offer))
        return tuple(done) if len(done) == len(raw) else LOST


def suggest(word: str, names: Sequence[str]) -> Text:
    """The name that was perhaps meant, else all there are."""
    near = get_close_matches(word, names, n=1)
    if near:
        return Text(zh=f"是不是 {near[0]}？", en=f"Did you mean {near[0]}?")
    if not names:
        return Text(zh="这里还没有任何名称", en="There is nothing of that kind yet: write it first, or leave this out")
    return Text(zh="可用的有：" + "、".join(names), en="There are: " + ", ".join(names))
