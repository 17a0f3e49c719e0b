"""Millions of accounts compared with their transfers in one pass and a few numbers of memory.

Each account key is hashed with a seed drawn for this audit, to three weights of 20 bits for what it was debited and three for
what it was credited. Over the transfers, sum amount * weight of its two accounts; over the accounts, sum total * weight. If every
account is what its transfers add up to, the sums are equal; if only one is not, three independent sums are equal with a chance of
1 in 2^60, and nobody can arrange it, for the seed is drawn afterwards (Freivalds, "Probabilistic machines can use less running
time", 1977). Holds in the same way: those made are those settled and those open. Where sums differ, the exact statements find who
it is.

The weights fit beside amounts up to 2^43 minor units into a bigint; beyond that PostgreSQL raises, and the exact statements run.
"""

from typing import Any

_LIMBS = (0, 20, 40)


def _sums(name: str, *terms: tuple[str, str], cast: str = "numeric") -> str:
    """For each limb n, `name`_n: the sum over the terms (amount, hash) of amount * weight. As text: it may be large."""
    return ", ".join(
        f"coalesce(sum({' + '.join(f'{a}::{cast} * ({hash} >> {n} & 1048575)' for a, hash in terms)}), 0)::text as {name}_{n}"
        for n in _LIMBS
    )


_BY_DEBIT, _BY_CREDIT = "hashtextextended(debit, $1) as hd", "hashtextextended(credit, $1 + 1) as hc"

TRANSFERS = f"""
select count(*) as rows, {_sums("moved", ("m", "hd"), ("m", "hc"), cast="bigint")}, {_sums("held", ("s", "hp"), cast="bigint")}
from (select case when kind in (0, 2) then amount else 0 end as m, case kind when 0 then 0 when 1 then 1 else -1 end as s,
             {_BY_DEBIT}, {_BY_CREDIT},
             case when kind > 0 then hashtextextended(encode(coalesce(pending, id), 'hex'), $1) else 0 end as hp
      from transfer offset 0) t
"""
ACCOUNTS = f"""
select {_sums("moved", ("debits", "hd"), ("credits", "hc"))},
       {_sums("pending", ("debits_pending", "hd"), ("credits_pending", "hc"))}
from (select debits, credits, debits_pending, credits_pending,
             hashtextextended(key, $1) as hd, hashtextextended(key, $1 + 1) as hc from account offset 0) a
"""
HOLDS = f"""
select {_sums("pending", ("amount", "hd"), ("amount", "hc"))}, {_sums("held", ("1", "hp"))}
from (select amount, {_BY_DEBIT}, {_BY_CREDIT}, hashtextextended(encode(id, 'hex'), $1) as hp from hold offset 0) h
"""


def compare(moved: Any, there: Any, open_: Any) -> tuple[bool, bool]:
    """Whether all accounts are what transfers and holds add up to; whether all holds were settled once or are open."""
    balances = all(
        moved[f"moved_{n}"] == there[f"moved_{n}"] and there[f"pending_{n}"] == open_[f"pending_{n}"] for n in _LIMBS
    )
    return balances, all(moved[f"held_{n}"] == open_[f"held_{n}"] for n in _LIMBS)


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
