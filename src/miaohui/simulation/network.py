"""What lies between customers and server: what is said is lost, comes twice, late, or in another order."""

from random import Random

TIMEOUT_MS = 5_000
TRIES = 4
"""A caller sends the same request, with the same key, this often before he gives up without an answer."""


def delays(chance: Random) -> list[int]:
    """After how many ms a message arrives: never (lost), once, or several times."""
    fate = chance.random()
    if fate < 0.04:
        return []
    if fate < 0.10:
        return [_delay(chance), _delay(chance)]
    if fate < 0.12:
        return [chance.randint(10_000, 1_200_000)]
    return [_delay(chance)]


def _delay(chance: Random) -> int:
    return chance.randint(5, 60) if chance.random() < 0.9 else chance.randint(60, 4_000)
