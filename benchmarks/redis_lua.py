"""The fast usual way: one Lua script a claim in Redis. Started by `miaohui bench`; REDIS_SOCKET and API_KEY come by the
environment.

The script is atomic; with `appendfsync always` its effects are on the disk before Redis answers.
"""

import os
import time
from collections import deque
from hashlib import sha256
from uuid import uuid4

import orjson
from fastapi import FastAPI, Header, Response
from pydantic import BaseModel
from redis.asyncio import BlockingConnectionPool, Redis, UnixDomainSocketConnection

AMOUNT, LIMIT, RATE, RATE_S = 500, 1, 20, 10
KEY = sha256(os.environ["API_KEY"].encode()).digest()
POOL = BlockingConnectionPool(
    connection_class=UnixDomainSocketConnection, path=os.environ["REDIS_SOCKET"], max_connections=64, timeout=60
)
redis = Redis(connection_pool=POOL)
app = FastAPI()
recent: dict[str, deque[float]] = {}

# keys: reply, uses of the customer, coupons, budget, promised, wallet, outbox
# arguments: answer, limit, amount, now, customer, coupon
SCRIPT = redis.register_script("""
local earlier = redis.call('get', KEYS[1])
if earlier then return earlier end
local window = redis.call('hmget', 'play', 'opens_ms', 'ends_ms')
if tonumber(ARGV[4]) < tonumber(window[1]) or tonumber(ARGV[4]) >= tonumber(window[2]) then return 'not_open' end
if tonumber(redis.call('get', KEYS[2]) or '0') >= tonumber(ARGV[2]) then return 'limit_reached' end
if tonumber(redis.call('get', KEYS[3])) < 1 then return 'none_left' end
if tonumber(redis.call('get', KEYS[4])) < tonumber(ARGV[3]) then return 'over_budget' end
redis.call('incr', KEYS[2])
redis.call('decr', KEYS[3])
redis.call('decrby', KEYS[4], ARGV[3])
redis.call('incrby', KEYS[5], ARGV[3])
redis.call('hset', KEYS[6], ARGV[6], ARGV[1])
redis.call('set', KEYS[1], ARGV[1], 'EX', 2592000)
redis.call('xadd', KEYS[7], '*', 'name', 'coupon.claimed', 'customer', ARGV[5], 'coupon', ARGV[6])
return ARGV[1]
""")


class Claim(BaseModel):
    """The body."""

    customer: str


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
    customer, id, now_ms = body.customer, uuid4().hex, time.time_ns() // 1_000_000
    answer = orjson.dumps({"coupon": id, "amount_minor": AMOUNT, "valid_until_ms": now_ms + 30 * 86_400_000})
    said = await SCRIPT(
        keys=[
            f"reply:{campaign}:{play}:{customer}:{idempotency_key}",
            f"uses:{customer}",
            "coupons",
            "budget",
            "promised",
            f"wallet:{customer}",
            "outbox",
        ],
        args=[answer, LIMIT, AMOUNT, now_ms, customer, id],
    )
    if not said.startswith(b"{"):
        return refused(said.decode(), 409)
    return Response(said, media_type="application/json")


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
