"""The bot's budget of messages a second: channels first."""

import asyncio

from bot.pacing import Budget, Pace


def free() -> Pace:
    """A chat that nothing was sent to."""
    return Pace(gap=0.0)


async def taken(budget: Budget, seconds: float, *, private: bool) -> list[float]:
    """When turns come to somebody who always wants one, for so long."""
    stopping, turns = asyncio.Event(), []
    asyncio.get_running_loop().call_later(seconds, stopping.set)
    while (turn := await budget.turn(free(), stopping, private=private)) is not None:
        turns.append(turn)
    return turns


async def test_private_chats_get_no_more_than_25_a_second() -> None:
    turns = await taken(Budget(), 1.3, private=True)
    for at in turns:
        assert sum(at <= other < at + 1 for other in turns) <= 25
    assert len(turns) >= 25


async def test_together_they_get_less_than_telegrams_thirty() -> None:
    budget = Budget()
    both = await asyncio.gather(taken(budget, 1.3, private=True), taken(budget, 1.3, private=False))
    turns = [turn for some in both for turn in some]
    for at in turns:
        assert sum(at <= other < at + 1 for other in turns) < 30


async def test_a_channel_goes_first() -> None:
    budget, stopping = Budget(), asyncio.Event()
    for _ in range(28):
        await budget.turn(free(), stopping)
    order: list[str] = []

    async def want(name: str, *, private: bool) -> None:
        await budget.turn(free(), stopping, private=private)
        order.append(name)

    await asyncio.gather(
        *(want("private", private=True) for _ in range(3)), want("channel", private=False)
    )
    assert order[0] == "channel"


async def test_a_chat_that_must_wait_holds_up_no_other() -> None:
    budget, stopping = Budget(), asyncio.Event()
    slow = Pace(gap=3600.0)
    await budget.turn(slow, stopping)
    waiting = asyncio.create_task(budget.turn(slow, stopping))
    await asyncio.sleep(0)
    for _ in range(10):
        await asyncio.wait_for(budget.turn(free(), stopping, private=True), 1)
    stopping.set()
    assert await asyncio.wait_for(waiting, 1) is None


async def test_a_place_that_is_given_back_is_free() -> None:
    budget, stopping = Budget(), asyncio.Event()
    own = free()
    for _ in range(200):
        turn = await asyncio.wait_for(budget.turn(own, stopping), 1)
        assert turn is not None
        budget.give_back(own, turn)
    assert own.sent == []
