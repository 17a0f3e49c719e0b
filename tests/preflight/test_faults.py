"""Faults planted into a sound document, one at a time: each is found, alone, at its line, with its remedy."""
# ruff: noqa: E501 - a table is read across

import pytest

from tests.preflight.conftest import SOUND, found, planted

FAULTS = [
    # what, change, code, level, path, the line it stands in, words of the sentence, words of the remedy
    ("two days only", [("wrap_up = 2026-09-28", "wrap_up = 2026-09-27"), ("days = 8", "days = 7")], "short_run", "warn", "phases.wrap_up", "wrap_up = 2026-09-27", "live for 2 days", "3 days at least"),
    ("one day only", [("wrap_up = 2026-09-28", "wrap_up = 2026-09-26"), ("days = 8", "days = 6")], "very_short_run", "stop", "phases.wrap_up", "wrap_up = 2026-09-26", "live for 1 day only", "let two people say why"),
    ("no warm-up", [("warm_up = 2026-09-20\n", ""), ('from = "warm_up", days = 8', 'from = "live", days = 3')], "no_warm_up", "warn", "phases", "[phases]", "no warm-up", "Write warm_up"),
    ("a short warm-up", [("warm_up = 2026-09-20", "warm_up = 2026-09-23"), ("days = 8", "days = 5")], "short_warm_up", "warn", "phases.warm_up", "warm_up = 2026-09-23", "2 days", "5 days before live"),
    ("a message in the afternoon", [('when = "evening"', 'when = "afternoon"')], "afternoon", "hint", "journeys.wake.steps[0].when", 'steps = [{ id = "hello", send = "sms", content = "hello", when = "afternoon" }]', "hello of wake", "in the evening"),
    ("messages at night", [(', quiet = "21:30-09:00"', "")], "no_quiet_hours", "warn", "journeys.wake.caps.quiet", "caps  = { per_day = 1, per_week = 3 }", "no hours of rest", "caps.quiet"),
    ("messages without a cap", [("per_day = 1, per_week = 3, ", "")], "no_cap", "warn", "journeys.wake.caps", 'caps  = { quiet = "21:30-09:00" }', "has no cap", "per_day = 1"),
    ("four steps", [('play = "raffle"', 'play = "raffle"\nsteps = 4')], "many_steps", "warn", "plays.wheel", "[plays.wheel]", "takes 4 steps", "step 1, step 2, step 3, step 4"),
    ("six steps, one to agree", [('play = "raffle"', 'play = "raffle"\nsteps = 5\nconsent = "draws"')], "too_many_steps", "stop", "plays.wheel", "[plays.wheel]", "takes 6 steps", "Agree first, step 1"),
    ("a prize like a fraud", [("give  = { silent = \"30.00 off 199.00\"", "give  = { silent = \"3200.00 off 4000.00\""), ("count = 500", "count = 5"), ("cost  = 12.00\n", ""), ("cost  = 96.00\n", "")], "prize_not_believed", "warn", "plays.welcome.give.silent", 'give  = { silent = "3200.00 off 4000.00", everybody = "20.00 off 169.00" }', "21.3 baskets", "several smaller"),
    ("a prize of half the budget", [('play = "raffle"', 'play = "raffle"\ntop = 15_100.00'), ("count = 500", "count = 50")], "prize_not_believed", "warn", "plays.wheel.top", "top = 15_100.00", "50.3 percent of the budget", "several smaller"),
    ("a paper fan", [('everybody = "20.00 off 169.00"', 'everybody = "1.00 off 169.00"')], "prize_shabby", "warn", "plays.welcome.give.everybody", 'give  = { silent = "30.00 off 199.00", everybody = "1.00 off 169.00" }', "0.67 percent of a basket", "fewer and larger"),
    ("odds of 99.95 %", [('play = "raffle"', 'play = "raffle"\nodds = 0.05')], "odds_do_not_add_up", "stop", "plays.wheel", "[plays.wheel]", "99.95 percent", "add up to 100"),
    ("a goal that nothing measures", [("[goals.basket]", '[goals.joy]\ntarget = 5\nowner = "lin"\n[goals.basket]')], "goal_without_measure", "stop", "goals.joy", "[goals.joy]", "joy has no measure", "Write `measure`"),
    ("goals of nobody", [('owner    = "lin"\n\n', "\n"), ("[goals.visitors]", '[goals.visitors]\nowner = "lin"'), ("[goals.conversion]", '[goals.conversion]\nowner = "lin"')], "goal_without_owner", "warn", "goals.basket", "[goals.basket]", "Nobody answers for the goal basket", "`owner`"),
    ("nobody left alone", [("[control]\nshare = 5\n", "")], "no_control", "warn", "control", "", "no control group", "share = 5"),
    ("a share chain of dreams", [("{ wechat_oa = 5_000, share = 3_000 }", "{ wechat_oa = 2_000, share = 6_000 }")], "share_chain_optimistic", "warn", "goals.visitors.by.share", "by     = { wechat_oa = 2_000, share = 6_000 }", "each must bring 1.18", "add seeds"),
    ("a plan that is late", [("workdays = 7", "workdays = 60"), ("prepare = 2026-08-27\n", "")], "plan_late", "stop", "phases.warm_up", "warm_up = 2026-09-20", "70 workdays", "hot-spot template"),
    ("no slack", [("prepare = 2026-08-27", "prepare = 2026-08-28")], "plan_tight", "warn", "phases.prepare", "prepare = 2026-08-28", "must begin on 2026-08-27", "2026-08-27"),
    ("no budget", [('[budget]\ntotal = 30_000.00\n[[budget.lines]]\nfor    = "posters"\namount = 500.00\n', "")], "no_budget", "stop", "", "", "there is no [budget]", "Write [budget] total"),
    ("a budget too small for its play", [("count = 500", "count = 500\nbudget = 30_000.01")], "over_budget", "stop", "budget.total", "total = 30_000.00", "take 30000.01 CNY", "Raise budget.total"),
    ("more than the budget at worst", [("count = 500", "count = 5000")], "worst_cost_over_budget", "warn", "budget.total", "total = 30_000.00", "At worst", "Promises end"),
    ("two plays for one box", [("stock   = 200", "stock   = 301")], "over_stock", "stop", "products.tea", "[products.tea]", "need 301 of tea; there are 300", "Lower the plays' stock"),
    ("a stack below cost", [('stacks  = "none"', 'stacks  = "coupons"'), ("price   = 120.00", "price   = 100.00")], "stack_below_cost", "stop", "plays.evening.price", "price   = 100.00", "85.00 CNY at worst, it costs 96.00 CNY", "not stack"),
    ("a coupon below cost", [('everybody = "20.00 off 169.00"', 'everybody = "75.00 off 168.00"'), ("count = 500", "count = 200")], "stack_below_cost", "stop", "plays.welcome.give.everybody", 'give  = { silent = "30.00 off 199.00", everybody = "75.00 off 168.00" }', "93.00 CNY at worst", "raise the threshold"),
    ("a price below cost", [("price   = 120.00", "price   = 95.00")], "below_cost", "warn", "plays.evening.price", "price   = 95.00", "1.00 CNY lost on each", "Be sure"),
    ("a whole basket given away", [('silent = "30.00 off 199.00"', 'silent = "30.00 off 30.00"'), ("cost  = 12.00\n", ""), ("cost  = 96.00\n", "")], "offer_takes_all", "warn", "plays.welcome.give.silent", 'give  = { silent = "30.00 off 30.00", everybody = "20.00 off 169.00" }', "whole basket", "Raise the threshold"),
    ("limits that count accounts", [('identities = ["account", "phone"]', 'identities = ["account"]'), ('silent = "30.00 off 199.00"', 'silent = "30.00 off 30.00"'), ("cost  = 96.00\n", "")], "free_accounts offer_takes_all", "warn", "plays.welcome", "[plays.welcome]", "counts accounts only", "phone"),
    ("one customer takes all", [("count = 500", "count = 500\nper_customer = 60")], "one_takes_much", "warn", "plays.welcome.per_customer", "per_customer = 60", "1800.00 CNY, 6 percent", "Lower per_customer"),
    ("a prize above the law's cap", [('play = "raffle"', 'play = "raffle"\ntop = 50_000.01'), ("total = 30_000.00", "total = 200_000.00"), ("[goals.basket]\ntarget = 150.00", "[goals.basket]\ntarget = 5000.00"), ('everybody = "20.00 off 169.00"', 'everybody = "60.00 off 699.00"'), ('silent = "30.00 off 199.00"', 'silent = "70.00 off 799.00"')], "prize_over_cap prize_shabby", "stop", "plays.wheel.top", "top = 50_000.01", "50000.01 CNY, is above 50000.00 CNY", "50000.00 CNY"),
    ("three levels", [('play = "raffle"', 'play = "raffle"\nlevels = 3')], "too_many_levels", "stop", "plays.wheel.levels", "levels = 3", "on 3 levels", "2 levels at most"),
    ("a deposit of a quarter", [('play = "raffle"', 'play = "raffle"\ndeposit = 25.00')], "deposit_over_share", "stop", "plays.wheel.deposit", "deposit = 25.00", "25 percent of the price", "20 percent"),
    ("records for a year", [('event = "page.viewed"', 'event = "raffle.drawn"\nkeep_days = 365')], "records_to_keep", "warn", "collect.views.keep_days", "keep_days = 365", "365 days", "730"),
    ("personal data without consent", [('why   = "Where', 'personal = true\nwhy   = "Where')], "personal_without_consent", "warn", "collect.views.personal", "personal = true", "something about a person", "`consent`"),
    ("no way out", [(" Reply T to stop", "")], "no_way_out", "warn", "content.hello.text", 'text    = { zh = "来喝茶。回T退订", en = "Come for tea." }', "no way out", "Reply T to stop"),
    ("a coupon that dies early", [("days = 8", "days = 7")], "runs_out_before_the_end", "warn", "plays.welcome.valid.days", 'valid = { from = "warm_up", days = 7 }', "2026-09-27 00:00", "Raise valid.days"),
    ("work of nobody", [('department = "design"\n', "")], "task_of_nobody", "warn", "tasks[1]", "[[tasks]]", "pages is nobody's", "`department`"),
    ("a signer who is not there", [('who = "finance"', 'who = "finanse"')], "unknown_signer", "warn", "approval.signs[0].who", 'signs = [{ who = "finanse", above = 20_000.00 }]', "sign as finanse", "department"),
    ("a condition of no meaning", [("above = 20_000.00", 'if = "drawing"')], "unknown_condition", "warn", "approval.signs[0].if", 'signs = [{ who = "finance", if = "drawing" }]', "always needed", "draw"),
    ("phases in a muddle", [("wrap_up = 2026-09-28", "wrap_up = 2026-09-24")], "phases_out_of_order", "stop", "phases.wrap_up", "wrap_up = 2026-09-24", "does not come after live", "follow each other"),
]  # fmt: skip


def test_the_sound_document_is_sound() -> None:
    assert found(SOUND) == []


def test_work_of_the_live_phase_does_not_make_a_plan_late() -> None:
    watch = '\n[[tasks]]\nid = "watch"\ntitle = { zh = "值守", en = "Watch" }\nowner = "lin"\nworkdays = 60\nphase = "live"\n'
    assert found(SOUND + watch) == []


@pytest.mark.parametrize("fault", FAULTS, ids=[fault[0] for fault in FAULTS])
def test_a_planted_fault_is_found_with_place_and_remedy(fault: tuple) -> None:  # type: ignore[type-arg]
    _, changes, code, level, path, line, what, remedy = fault
    text = planted(*changes)
    problems = found(text)
    assert sorted(problem.code for problem in problems) == code.split()
    problem = next(problem for problem in problems if problem.code == code.split()[0])
    assert (problem.level, problem.path) == (level, path)
    if line:
        assert text.split("\n")[problem.line - 1] == line
    assert what in problem.what.en
    assert remedy in problem.remedy.en
    assert "{" not in problem.what.zh + problem.what.en + (problem.why.zh + problem.why.en if problem.why else "")
