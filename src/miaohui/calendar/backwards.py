"""From the day itself to the first day of work: live, before it the warm-up in calendar days, before that the preparation in
workdays. Mid-Autumn 2026-09-25 with 5 days of warm-up and 17 workdays: warm-up 09-20, work must start on 08-27.
"""

from datetime import date, timedelta

from msgspec import Struct

from miaohui.calendar.lead import Lead
from miaohui.calendar.workdays import Workdays


class Backwards(Struct, frozen=True, kw_only=True):
    """The plan: work starts on `start`, the campaign closes before `wrap_up`; `unannounced`: years whose days off are unknown."""

    start: date
    warm_up: date
    live: date
    wrap_up: date
    unannounced: tuple[int, ...] = ()

    def late(self, today: date) -> bool:
        """Whether a full campaign cannot be prepared any more."""
        return self.start < today

    def over(self, today: date) -> bool:
        """Whether the day itself is past."""
        return self.wrap_up <= today


def backwards(live: date, lead: Lead, workdays: Workdays, *, lasts: int = 0) -> Backwards:
    """The plan for a campaign that is live from `live` on; `lasts`: days, where the occasion itself is longer than usual."""
    warm_up = live - timedelta(lead.warm_up_days)
    start = workdays.before(warm_up, lead.prepare_workdays)
    wrap_up = live + timedelta(max(lead.live_days, lasts))
    return Backwards(
        start=start, warm_up=warm_up, live=live, wrap_up=wrap_up, unannounced=workdays.unannounced(start, wrap_up)
    )
