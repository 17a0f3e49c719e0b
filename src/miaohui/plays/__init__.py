"""The plays, one module each, found by name: `find("coupon")` imports `miaohui.plays.coupon`."""

from importlib import import_module
from pkgutil import iter_modules

from miaohui.plays._contract import Play


def names() -> list[str]:
    """Names of all plays, sorted: the modules of this package that do not start with `_`."""
    return sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_"))


def find(name: str) -> Play:
    """The module of the play called `name`; KeyError if there is none."""
    if name not in names():
        raise KeyError(name)
    return import_module(f"{__name__}.{name}")  # type: ignore[return-value]
