"""How long a campaign takes to prepare, by its class. These are judgements, not laws: operators change them, and three finished
campaigns of a class that say when their work began replace the days of preparation by what four out of five of them needed.
"""

from collections.abc import Iterable, Mapping
from math import ceil

from msgspec import Struct
from msgspec.structs import replace

from miaohui.calendar.almanac import Class
from miaohui.text import Text

CASES = 3


class Lead(Struct, frozen=True, kw_only=True):
    """Workdays of preparation, calendar days of warm-up, days live. `*_most`: the end of the usual range."""

    prepare_workdays: int
    warm_up_days: int
    live_days: int
    warm_up_most: int = 0
    live_most: int = 0
    why: Text = Text("", "")
    cases: int = 0


NAMES: dict[Class, Text] = {
    "shopping_festival": Text("大型购物节", "Big shopping festival"),
    "lunar_festival": Text("法定/农历节日", "Statutory or lunar festival"),
    "own_day": Text("自有节日", "Own recurring day"),
    "fission": Text("裂变/用户活动", "Fission or user activity"),
    "brand": Text("品牌/达人秀", "Brand or talent show"),
    "hot_spot": Text("热点", "Hot spot"),
    "": Text("未分类", "No class"),
}
DEFAULTS: dict[Class, Lead] = {
    "shopping_festival": Lead(
        prepare_workdays=30, warm_up_days=7, warm_up_most=14, live_days=3, live_most=14,
        why=Text("大型活动须“提前很久”告知", "A large campaign must be told of well in advance"),
    ),
    "lunar_festival": Lead(
        prepare_workdays=17, warm_up_days=5, live_days=3, live_most=7,
        why=Text("目标、规则、文案、视觉、页面、彩排、审批依次做完要 17 个工作日",
                 "Goal, rules, copy, visuals, pages, rehearsal and approval one after the other take 17 workdays"),
    ),
    "own_day": Lead(
        prepare_workdays=5, warm_up_days=2, live_days=1,
        why=Text("每月固定一天，顾客已熟悉", "The same day each month: customers know it"),
    ),
    "fission": Lead(
        prepare_workdays=10, warm_up_days=2, warm_up_most=3, live_days=5, live_most=10,
        why=Text("一两天的裂变活动效果很差", "One or two days of fission did very poorly"),
    ),
    "brand": Lead(prepare_workdays=20, warm_up_days=5, live_days=7, live_most=21),
    "hot_spot": Lead(
        prepare_workdays=0, warm_up_days=0, live_days=1, live_most=3,
        why=Text("热点来不及筹备：用模板，只查法律、预算、限额", "Nobody can prepare: a template; law, budget, limits"),
    ),
}  # fmt: skip


def of(class_: str, changed: Mapping[Class, Lead] = {}) -> Lead:
    """The lead times of a class: the operators', else the default; one without a class is a festival."""
    name: Class = class_ if class_ in DEFAULTS else "lunar_festival"
    return changed.get(name, DEFAULTS[name])


def learned(lead: Lead, workdays_of_cases: Iterable[int]) -> Lead:
    """`lead` with the preparation that four out of five finished campaigns managed in, once there are enough of them."""
    seen = sorted(workdays_of_cases)
    if len(seen) < CASES:
        return lead
    return replace(lead, prepare_workdays=seen[ceil(len(seen) * 0.8) - 1], cases=len(seen))
