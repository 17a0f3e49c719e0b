"""Codes that work once: made in batches, typed, held, spent, given back, withdrawn; what is in the database opens nothing."""

import csv
import json
from asyncio import gather

from miaohui.campaign import around, store
from miaohui.campaign.code_batches import ALPHABET
from miaohui.host.audit import audit
from miaohui.host.codes import WRONG_MAX
from miaohui.pricing.effects import Percent
from tests.api.test_prices import cart, prices, promotion, shop

DOCUMENT = """
campaign = "fair"
name = { zh = "集", en = "Fair" }
kind = "promotional"
currency = "USD"
zone = "UTC"
[phases]
live = 2026-01-01
wrap_up = 2027-01-01
[plays.gift]
play = "promotion"
gives = "10 % off"
single_use = true
[plays.open]
play = "promotion"
gives = "10 % off"
codes = ["OPEN"]
"""
GIFT = promotion("gift", (Percent(off_ppm=100_000),), single_use=True)
TEA = ("1", "tea", 1, 2000)


async def written(workspace):
    """The document of the campaign whose plays the shop runs."""
    document = around.plain(DOCUMENT, "UTC", "USD")
    assert document is not None
    async with workspace.db.acquire() as c:
        await store.create(c, "lin", document, DOCUMENT, "")


async def made(client, status=200, **more):
    body = {"campaign": "fair", "play": "gift", "count": 3, "prefix": "tea"} | more
    answer = await client.post("/api/v1/codes", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def file(client, batch):
    answer = await client.get(f"/api/v1/codes/{batch['id']}/file")
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "text/csv")
    return [tuple(row) for row in csv.reader(answer.text.lstrip("\ufeff").splitlines())]


async def place(client, order, code, customer="7", status=200, total=1800):
    claims = [{"campaign": "fair", "play": "gift", "code": code}]
    body = cart(TEA, customer=customer, claims=claims, total_minor=total)
    answer = await client.post(f"/api/v1/orders/{order}/placed", json=body, headers={"Idempotency-Key": f"{order}p"})
    assert answer.status_code == status, answer.text
    return answer.json()


async def verb(client, order, what):
    answer = await client.post(f"/api/v1/orders/{order}/{what}", json={}, headers={"Idempotency-Key": f"{order}{what}"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def code_of(quote):
    (typed,) = quote["codes"]
    return typed["accepted"], typed["reason"]


async def test_a_batch_is_made_taken_away_and_each_code_works_once(database, vault):
    async with shop(database, vault, GIFT) as (workspace, client):
        await written(workspace)
        batch = await made(client)
        assert {name: batch[name] for name in ("count", "prefix", "length", "ready", "made_by")} == {
            "count": 3, "prefix": "TEA", "length": 10, "ready": True, "made_by": "key:shop",
        }  # fmt: skip
        head, *rows = await file(client, batch)
        assert head == ("code", "state")
        (first, second, third) = (code for code, state in rows if state == "free")
        for code in (first, second, third):
            prefix, *groups = code.split("-")
            assert (prefix, [len(group) for group in groups]) == ("TEA", [4, 4, 2])
            assert set("".join(groups)) <= set(ALPHABET)

        quote = await prices(client, cart(TEA, customer="7", codes=[first.lower().replace("-", " ")]))
        assert (quote["total_minor"], code_of(quote)) == (1800, (True, "applied"))
        assert quote["claims"][0]["code"] == first.lower().replace("-", " ")
        assert (await prices(client, cart(TEA, customer="7")))["total_minor"] == 2000
        await place(client, "A", quote["claims"][0]["code"])
        taken = await prices(client, cart(TEA, customer="8", codes=[first]))
        assert (taken["total_minor"], code_of(taken)) == (2000, (False, "code_used"))
        assert taken["codes"][0]["sentence"] == "This code has been used"
        refused = await place(client, "B", first, "8", 409)
        assert (refused["code"], refused["sentence"]) == ("code_used", "This code has been used")
        assert (await file(client, batch))[1:] == [(first, "held"), (second, "free"), (third, "free")]
        await verb(client, "A", "cancelled")
        await place(client, "C", first, "8")
        await verb(client, "C", "paid")
        assert (await file(client, batch))[1] == (first, "used")
        await verb(client, "C", "refunded")  # a use that comes back is the code's
        assert (await file(client, batch))[1] == (first, "free")
        assert [(check.name, check.findings) for check in await audit(database) if check.findings] == []


async def test_a_code_that_is_wrong_another_promotions_or_missing_is_refused(database, vault):
    other = promotion("other", (Percent(off_ppm=500_000),), single_use=True)
    async with shop(database, vault, GIFT, other) as (workspace, client):
        await written(workspace)
        (_, (code, _), *_) = await file(client, await made(client))
        zh = {"Accept-Language": "zh"}
        wrong = await prices(client, cart(TEA, customer="7", codes=["TEA-2222-2222-22"]), **zh)
        assert (code_of(wrong), wrong["codes"][0]["sentence"]) == ((False, "unknown_code"), "没有这个优惠码")
        before = await database.fetchval("select count(*) from transfer")
        for typed, refusal in (
            ("TEA-2222-2222-22", "unknown_code"),
            ("", "code_missing"),
            ("fair/gift", "unknown_code"),
        ):
            assert (await place(client, f"X{typed}".replace("/", "."), typed, status=409))["code"] == refusal
        claims = [{"campaign": "fair", "play": "other", "code": code}]
        answer = await client.post(
            "/api/v1/orders/Y/placed", json=cart(TEA, customer="7", claims=claims), headers={"Idempotency-Key": "y"}
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "unknown_code")
        assert await database.fetchval("select count(*) from transfer") == before
        assert (await prices(client, cart(TEA, codes=[code])))["total_minor"] == 1800  # and of `other` nothing is said


async def test_of_many_who_type_the_same_code_at_once_one_gets_it(database, vault):
    async with shop(database, vault, GIFT) as (workspace, client):
        await written(workspace)
        (_, (code, _), *_) = await file(client, await made(client))
        claims = [{"campaign": "fair", "play": "gift", "code": code}]
        answers = await gather(
            *(
                client.post(
                    f"/api/v1/orders/{n}/placed",
                    json=cart(TEA, customer=str(n), claims=claims),
                    headers={"Idempotency-Key": str(n)},
                )
                for n in range(30)
            )
        )
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 29
        assert {answer.json().get("code") for answer in answers} == {None, "code_used"}


async def test_who_types_too_many_wrong_codes_is_not_answered_and_others_are(database, vault):
    async with shop(database, vault, GIFT) as (workspace, client):
        await written(workspace)
        (_, (code, _), *_) = await file(client, await made(client))
        await place(client, "A", (await file(client, await made(client)))[1][0])  # the customer is known
        for n in range(WRONG_MAX):
            assert code_of(await prices(client, cart(TEA, customer="7", codes=[f"GUESS{n}"])))[1] == "unknown_code"
        quote = await prices(client, cart(TEA, customer="7", codes=[code]))
        assert (quote["total_minor"], code_of(quote)) == (2000, (False, "too_fast"))
        assert quote["codes"][0]["sentence"] == "Too fast, please wait a moment"
        assert (await prices(client, cart(TEA, customer="8", codes=[code])))["total_minor"] == 1800


async def test_what_is_stored_opens_nothing(database, vault):
    async with shop(database, vault, GIFT) as (workspace, client):
        await written(workspace)
        (_, (code, _), *_) = await file(client, await made(client))
        await place(client, "A", code)
        await verb(client, "A", "paid")
        read = "".join(c for c in code if c != "-").encode()
        for table in ("account", "transfer", "state", "outbox", "audit", "code_batch", "reply", "hold"):
            dump = "".join(str(tuple(row)) for row in await database.fetch(f"select * from {table}"))
            assert code not in dump, table
            assert read.decode() not in dump, table
        key = workspace.typed.account("fair/gift", code)
        assert await place(client, "B", key.rsplit("/", 1)[1], "9", 409)  # the account's name is no code


async def test_making_goes_on_where_it_was_cut_off_and_gives_each_code_one_use(database, vault):
    async with shop(database, vault, GIFT) as (workspace, client):
        await written(workspace)
        batch = await made(client, count=600)
        await database.execute("update code_batch set ready = false")
        rows = (await file(client, batch))[1:]
        assert len({code for code, _ in rows}) == 600
        held = "select count(*), sum(credits - debits) from account where key like 'play/fair/gift/codes/%'"
        assert tuple(await database.fetchrow(held)) == (600, 600)
        assert await database.fetchval("select ready from code_batch") is True


async def withdraw(client, batch, status=200):
    answer = await client.post(f"/api/v1/codes/{batch['id']}/withdraw")
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_withdrawn_batch_stops_at_once_what_is_used_stays_used_and_a_new_batch_works(database, vault):
    async with shop(database, vault, GIFT) as (workspace, client):
        await written(workspace)
        batch, other = await made(client, count=5), await made(client, count=1)
        codes = [code for code, _ in (await file(client, batch))[1:]]
        paid, held, dropped, free, late = codes
        for order, code in (("A", paid), ("B", held), ("C", dropped)):
            await place(client, order, code)
        await verb(client, "A", "paid")
        gone = await withdraw(client, batch)
        assert gone == batch | {"withdrawn_ms": gone["withdrawn_ms"], "withdrawn_by": "key:shop", "unused": 2}
        assert gone["withdrawn_ms"] >= gone["made_ms"]

        before = await database.fetchval("select count(*) from transfer")
        said = {"code_withdrawn": "This code has been withdrawn", "code_used": "This code has been used"}
        for order, (code, why) in enumerate(
            ((free, "code_withdrawn"), (late, "code_withdrawn"), (paid, "code_used"), (held, "code_used"))
        ):
            refused = await place(client, f"X{order}", code, "8", 409)
            assert (refused["code"], refused["sentence"], refused["retry"]) == (why, said[why], False)
            quote = await prices(client, cart(TEA, customer="8", codes=[code]))
            assert (quote["total_minor"], code_of(quote), quote["claims"]) == (2000, (False, why), [])
        zh = await prices(client, cart(TEA, customer="8", codes=[free]), **{"Accept-Language": "zh"})
        assert zh["codes"][0]["sentence"] == "这个优惠码已作废"
        assert await withdraw(client, batch) == gone
        assert await database.fetchval("select count(*) from transfer") == before
        assert await file(client, batch) == [
            ("code", "state"), (paid, "used"), (held, "held"), (dropped, "held"), (free, "withdrawn"), (late, "withdrawn"),
        ]  # fmt: skip

        await verb(client, "B", "paid")  # what was promised is kept
        await verb(client, "C", "cancelled")
        await verb(client, "A", "refunded")
        for code in (dropped, paid):  # and a use that comes back later is withdrawn as well
            assert (await place(client, f"Y{code}", code, "8", 409))["code"] == "code_withdrawn"
        assert [state for _, state in (await file(client, batch))[1:]] == ["withdrawn", "used"] + ["withdrawn"] * 3
        for order, fresh in (("D", other), ("E", await made(client, count=1))):
            await place(client, order, (await file(client, fresh))[1][0], "8")
        lines = await database.fetch("select operator, subject, detail from audit where action = 'codes.withdrawn'")
        assert [(row["operator"], row["subject"], json.loads(row["detail"])) for row in lines] == [
            ("key:shop", "fair/gift", {"batch": batch["id"], "count": 5})
        ]
        assert [(check.name, check.findings) for check in await audit(database) if check.findings] == []


async def test_a_withdrawal_goes_on_where_it_was_cut_off_and_a_batch_half_made_is_not_finished(database, vault):
    async with shop(database, vault, GIFT) as (workspace, client):
        await written(workspace)
        batch = await made(client, count=600)
        codes = [code for code, _ in (await file(client, batch))[1:]]
        await place(client, "A", codes[599])
        assert (await withdraw(client, batch))["unused"] == 599
        await database.execute("update code_batch set unused = null, ready = false")
        before = await database.fetchval("select count(*) from transfer")
        assert [state for _, state in (await file(client, batch))[1:]] == ["withdrawn"] * 599 + ["held"]
        again = await withdraw(client, batch)
        assert (again["unused"], again["ready"]) == (599, False)
        assert await database.fetchval("select count(*) from transfer") == before
        assert await database.fetchval("select count(*) from audit where action = 'codes.withdrawn'") == 1
        uses = "select sum(credits - debits) from account where key like 'play/fair/gift/' || $1 || '/%'"
        assert [await database.fetchval(uses, pool) for pool in ("codes", "withdrawn")] == [1, 599]
        gone = await client.post("/api/v1/codes/01a21f0e-87e6-74a0-b42b-6a54e62dd26d/withdraw")
        assert (gone.status_code, gone.json()["code"]) == (404, "unknown_batch")


async def test_a_batch_that_makes_no_sense_is_not_made(database, vault):
    async with shop(database, vault, GIFT) as (workspace, client):
        await written(workspace)
        for more, status, code in (
            ({"play": "open"}, 409, "no_single_use"),
            ({"play": "none"}, 409, "no_single_use"),
            ({"campaign": "none"}, 404, "unknown_campaign"),
            ({"count": 100_001}, 422, "bad_batch"),
            ({"length": 7}, 422, "bad_batch"),
            ({"prefix": "no hyphens-"}, 422, "bad_batch"),
            ({"count": 70_000, "length": 8}, 422, "guessable"),
        ):
            assert (await made(client, status, **more))["code"] == code, more
        assert await database.fetchval("select count(*) from code_batch") == 0
        assert await database.fetchval("select count(*) from audit where action like 'codes.%'") == 0
        for batch in ("none", "%00", "01a21f0e-87e6-74a0-b42b-6a54e62dd26d"):
            gone = await client.get(f"/api/v1/codes/{batch}/file")
            assert (gone.status_code, gone.json()["code"]) == (404, "unknown_batch")
        assert (await client.get("/api/v1/codes?campaign=%00")).json() == {"batches": [], "next": ""}
