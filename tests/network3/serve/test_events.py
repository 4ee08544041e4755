"""The log of events: followers get each event once, whenever they join, and leave nothing behind."""

import asyncio
import json
import threading

from network3.serve.events import EventLog


def numbers(events):
    return [json.loads(event.data)["k"] for event in events]


async def first(follower, count):
    """Return the first `count` events of a follower."""
    found = []
    async for events in follower:
        found += events
        if len(found) >= count:
            break
    await follower.aclose()
    return found


def test_each_event_is_followed_once_from_a_number_on():
    log = EventLog()
    for k in range(5):
        log.publish("cost", k=k)
    assert numbers(asyncio.run(first(log.follow(), 5))) == [0, 1, 2, 3, 4]
    assert numbers(asyncio.run(first(log.follow(3), 2))) == [3, 4]
    assert log.followers == 0


def test_events_of_another_thread_reach_all_followers():
    log = EventLog()

    async def follow():
        thread = threading.Timer(0.05, lambda: [log.publish("cost", k=k) for k in range(100)])
        thread.start()
        return await asyncio.gather(*(first(log.follow(), 100) for _ in range(3)))

    assert [numbers(events) for events in asyncio.run(asyncio.wait_for(follow(), 30))] == [list(range(100))] * 3


def test_a_number_of_an_earlier_server_gets_everything():
    log = EventLog()
    log.publish("state", k=1)
    assert numbers(log.after(1000)) == [1]


def test_the_oldest_are_forgotten_and_a_new_training_begins_empty():
    log = EventLog(most=3)
    for k in range(5):
        log.publish("cost", k=k)
    assert numbers(log.after(0)) == [2, 3, 4]
    log.clear()
    log.publish("cost", k=9)
    assert [(event.number, event.data) for event in log.after(0)] == [(6, '{"k":9}')]


def test_values_that_json_does_not_have_are_null():
    log = EventLog()
    log.publish("cost", k=float("nan"), norms=[float("inf"), 1.0], row={"a": float("-inf")})
    assert json.loads(log.after(0)[0].data) == {"k": None, "norms": [None, 1.0], "row": {"a": None}}


def test_closing_ends_followers_and_silence_is_a_sign_of_life():
    log = EventLog()

    async def follow():
        found = []
        async for events in log.follow(heartbeat=0.01):
            found.append(events)
            if len(found) == 2:
                log.close()
        return found

    assert asyncio.run(asyncio.wait_for(follow(), 30)) == [[], []]
    assert log.followers == 0
