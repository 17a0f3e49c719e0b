"""A seed in PostgreSQL, with the operators' own calls, is the same story as in memory, byte for byte."""

from miaohui.simulation.on_postgres import InPostgres
from miaohui.simulation.run import simulate
from miaohui.simulation.world import World


async def test_postgres_tells_the_log_of_memory(fresh_database, postgres_url):
    seed, hours, customers = 8, 6, 60
    in_memory = await simulate(seed, hours=hours, customers=customers)
    async with fresh_database() as pool:
        stage = InPostgres(postgres_url, await pool.fetchval("select current_schema"), pool)
        await stage.prepare(World(seed, hours, customers))
        outcome = await simulate(seed, hours=hours, customers=customers, stage=stage)
        await (await stage.storage()).close()
    assert outcome.findings == ()
    assert outcome == in_memory
    assert outcome.faults.keys() == {"broken", "killed", "lost", "raced", "unanswered"}
