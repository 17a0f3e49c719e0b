"""The usual way: a transaction for each claim. Started by `miaohui bench`; DATABASE_URL and API_KEY come by the environment.

The rows that everybody wants (pool, budget) are updated last, so that their locks are held for one commit and no longer.
"""

import os
import time
from collections import deque
from hashlib import sha256
from uuid import uuid4

import orjson
from fastapi import FastAPI, Header, Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

AMOUNT, LIMIT, RATE, RATE_S = 500, 1, 20, 10
KEY = sha256(os.environ["API_KEY"].encode()).digest()
ENGINE = create_async_engine(os.environ["DATABASE_URL"], pool_size=20, max_overflow=0, pool_timeout=60)
app = FastAPI()
recent: dict[str, deque[float]] = {}


class Claim(BaseModel):
    """The body."""

    customer: str


REPLY = text("select hash, body from reply where key = :key")
CUSTOMER = text("select id from customer where shop_id = :shop_id")
NEW_CUSTOMER = text("insert into customer (id, shop_id) values (:id, :shop_id) on conflict do nothing")
PLAY = text("select opens_ms, ends_ms from play where id = 'coupon'")
TAKEN = text("select count(*) from coupon where customer = :customer")
COUPON = text("insert into coupon (id, customer, nth, amount, until_ms) values (:id, :customer, 1, :amount, :until)")
TRANSFER = text("insert into transfer (id, debit, credit, amount) values (:id, :debit, :credit, :amount)")
KEEP = text("insert into reply (key, hash, body) values (:key, :hash, :body)")
OUTBOX = text("insert into outbox (event) values (:event)")
MOVE = text("update account set balance = balance - :amount where key = :key and balance >= :amount")


@app.post("/api/v1/plays/{campaign}/{play}/{action}")
async def claim(
    body: Claim,
    campaign: str,
    play: str,
    action: str,
    authorization: str = Header(),
    idempotency_key: str = Header(),
) -> Response:
    """Take a coupon."""
    if sha256(authorization.removeprefix("Bearer ").encode()).digest() != KEY:
        return refused("unauthorised", 401)
    if not fast_enough(body.customer):
        return refused("too_fast", 429)
    try:
        async with ENGINE.begin() as c:
            return await decide(c, body.customer, f"{campaign}/{play}/{body.customer}/{idempotency_key}")
    except IntegrityError:
        return refused("limit_reached", 409)
    except NotEnough:
        return refused("none_left", 409)


class NotEnough(Exception):
    """The pool or the budget is empty: the transaction is rolled back."""


async def decide(c: AsyncConnection, shop_id: str, key: str) -> Response:
    """One claim in the transaction of `c`."""
    hash, id = sha256(key.encode()).digest(), uuid4().hex
    if earlier := (await c.execute(REPLY, {"key": hash})).first():
        return Response(earlier.body, media_type="application/json")
    customer = (await c.execute(CUSTOMER, {"shop_id": shop_id})).scalar()
    if customer is None:
        customer = uuid4().hex
        await c.execute(NEW_CUSTOMER, {"id": customer, "shop_id": shop_id})
    now_ms = time.time_ns() // 1_000_000
    window = (await c.execute(PLAY)).one()
    if not window.opens_ms <= now_ms < window.ends_ms:
        return refused("not_open", 409)
    if (await c.execute(TAKEN, {"customer": customer})).scalar() >= LIMIT:
        return refused("limit_reached", 409)
    until_ms = now_ms + 30 * 86_400_000
    await c.execute(COUPON, {"id": id, "customer": customer, "amount": AMOUNT, "until": until_ms})
    moves = (("coupons", f"wallet/{customer}", 1), ("budget", "promised", AMOUNT), ("use", f"limit/{customer}", 1))
    rows = [{"id": f"{id}{n}", "debit": d, "credit": k, "amount": a} for n, (d, k, a) in enumerate(moves)]
    await c.execute(TRANSFER, rows)
    answer = orjson.dumps({"coupon": id, "amount_minor": AMOUNT, "valid_until_ms": until_ms})
    await c.execute(KEEP, {"key": hash, "hash": hash, "body": answer})
    await c.execute(OUTBOX, {"event": orjson.dumps({"name": "coupon.claimed", "customer": customer, "coupon": id})})
    for account, amount in (("coupons", 1), ("budget", AMOUNT)):
        if (await c.execute(MOVE, {"key": account, "amount": amount})).rowcount != 1:
            raise NotEnough
    return Response(answer, media_type="application/json")


def fast_enough(customer: str) -> bool:
    """At most RATE actions of a customer in RATE_S seconds."""
    now_s = time.monotonic()
    times = recent.setdefault(customer, deque(maxlen=RATE))
    if len(times) == RATE and now_s - times[0] < RATE_S:
        return False
    times.append(now_s)
    return True


def refused(code: str, status: int) -> Response:
    """A no."""
    return Response(orjson.dumps({"code": code}), status, media_type="application/json")
