"""Millions of accounts compared with their transfers in one pass and a few numbers of memory.

Each account key is hashed with a seed drawn for this audit, to a weight of 62 bits for what it was debited and one for what it was
credited. Over the transfers, sum amount * weight of its two accounts; over the accounts, sum total * weight. If every account is
what its transfers add up to, the sums are equal; if only one is not, they are equal with a chance of 1 in 2^62, and nobody can
arrange it, for the seed is drawn afterwards (Freivalds, "Probabilistic machines can use less running time", 1977). Holds in the
same way: those made are those settled and those open. Where sums differ, the exact statements find who it is.
"""

from typing import Any

_DEBIT, _CREDIT = "(hashtextextended(debit, $1) >> 2)", "(hashtextextended(credit, $1 + 1) >> 2)"
_KEY_DEBIT, _KEY_CREDIT = "(hashtextextended(key, $1) >> 2)", "(hashtextextended(key, $1 + 1) >> 2)"

TRANSFERS = f"""
select count(*) as rows,
       coalesce(sum(amount::numeric * ({_DEBIT} + {_CREDIT})) filter (where kind in (0, 2)), 0)::text as moved,
       coalesce(sum(case kind when 1 then 1 else -1 end * (hashtextextended(encode(coalesce(pending, id), 'hex'), $1) >> 2))
                filter (where kind > 0), 0)::text as held
from transfer
"""
ACCOUNTS = f"""
select coalesce(sum(debits::numeric * {_KEY_DEBIT} + credits::numeric * {_KEY_CREDIT}), 0)::text as moved,
       coalesce(sum(debits_pending::numeric * {_KEY_DEBIT} + credits_pending::numeric * {_KEY_CREDIT})
                filter (where debits_pending > 0 or credits_pending > 0), 0)::text as pending
from account
"""
HOLDS = f"""
select coalesce(sum(amount::numeric * ({_DEBIT} + {_CREDIT})), 0)::text as pending,
       coalesce(sum(hashtextextended(encode(id, 'hex'), $1) >> 2), 0)::text as held from hold
"""


def compare(moved: Any, there: Any, open_: Any) -> tuple[bool, bool]:
    """Whether all accounts are what transfers and holds add up to; whether all holds were settled once or are open."""
    balances = moved["moved"] == there["moved"] and there["pending"] == open_["pending"]
    return balances, moved["held"] == open_["held"]


UNBALANCED = """
with moved as (
  select key, sum(d)::bigint d, sum(c)::bigint c from (
    select debit key, amount d, 0::bigint c from transfer where kind in (0, 2)
    union all select credit, 0, amount from transfer where kind in (0, 2)) x group by key),
held as (
  select key, sum(d)::bigint d, sum(c)::bigint c from (
    select debit key, amount d, 0::bigint c from hold union all select credit, 0, amount from hold) x group by key)
select coalesce(a.key, m.key, h.key), a.debits, a.credits, a.debits_pending, a.credits_pending,
       coalesce(m.d, 0), coalesce(m.c, 0), coalesce(h.d, 0), coalesce(h.c, 0)
from account a full join moved m on m.key = a.key full join held h on h.key = coalesce(a.key, m.key)
where (a.debits, a.credits, a.debits_pending, a.credits_pending)
      is distinct from (coalesce(m.d, 0), coalesce(m.c, 0), coalesce(h.d, 0), coalesce(h.c, 0)) limit 20
"""
UNSETTLED = """
with of_hold as (select coalesce(pending, id) as hold, kind from transfer where kind > 0)
select encode(hold, 'hex'), count(*) filter (where kind = 1), count(*) filter (where kind > 1),
       (select count(*) from hold h where h.id = hold)
from of_hold group by hold
having count(*) filter (where kind = 1)
       <> count(*) filter (where kind > 1) + (select count(*) from hold h where h.id = hold) limit 20
"""
