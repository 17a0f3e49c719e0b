"""Preflight: what is well written and still wrong, found before customers meet it.

A rule is one module of this package, found by its name, with

    TITLE                   what it looks at, in both languages
    SAYS                    code -> what is said, why, and what helps; `{...}` is filled with the finding's data. See `_rule.Said`
    find(document, facts)   a pure function: yields a Finding for each thing that is wrong, or NotKnown, which says honestly what
                            would have to be known to judge
    Limit                   thresholds are module constants of this type: a default that a workspace may replace
    LAWS                    optional: the points of law it reminds of, with source and date

A new rule is a new file and its test. The docstring is its manual: the reference page prints it.
`_look` holds what several rules read out of a document.
"""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.preflight._rule import Finding, Law, Limit, NotKnown, Outcome, Rule


def names() -> list[str]:
    """Names of all rules, sorted: the modules of this package that do not start with `_`."""
    return sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_"))


def find(name: str) -> Rule:
    """The module of the rule called `name`."""
    return import_module(f"{__name__}.{name}")  # type: ignore[return-value]


def run(document: Document, facts: Facts) -> Iterator[Outcome]:
    """What each rule finds, rule by rule."""
    for name in names():
        rule = find(name)
        found = list(rule.find(document, facts))
        yield Outcome(
            rule=name,
            title=rule.TITLE,
            says=rule.SAYS,
            findings=tuple(one for one in found if isinstance(one, Finding)),
            not_known=tuple(one.why for one in found if isinstance(one, NotKnown)),
        )


def limits() -> dict[str, Limit]:
    """Every threshold there is, by its name."""
    found = (value for name in names() for value in vars(find(name)).values())
    flat = (one for value in found for one in (value.values() if isinstance(value, dict) else [value]))
    return {one.name: one for one in flat if isinstance(one, Limit)}


def laws() -> list[Law]:
    """Every point of law that some rule reminds of."""
    return [law for name in names() for law in getattr(find(name), "LAWS", ())]
