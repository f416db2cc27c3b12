"""What was shown to whom: shared by processes, bounded per principal, wrong only towards no."""

from __future__ import annotations

import os
import random

from hypothesis import given
from hypothesis import strategies as st

from yett.state.seen import BUCKETS_PER_PAGE, WAYS, Seen

NOW = 1_800_000_000.5
ALICE, BOB = 'User::"alice"', 'User::"bob"'


def ids(count, start=0):
    return tuple(f'Booking::"{number}"' for number in range(start, start + count))


def test_a_record_is_seen_by_the_one_who_was_shown_it():
    """Only the very principal and the very record that were noted count."""
    seen = Seen(60.0, pages=4)
    seen.saw(ALICE, ids(1), NOW)
    assert seen.seen(ALICE, 'Booking::"0"', NOW)
    assert not seen.seen(BOB, 'Booking::"0"', NOW)
    assert not seen.seen(ALICE, 'Booking::"1"', NOW)
    assert not seen.seen(ALICE, 'Invoice::"0"', NOW)


@given(st.text(), st.text(), st.text(), st.text())
def test_a_name_never_runs_into_an_id(principal, uid, other, another):
    """However names and ids are cut, a pair that was not noted is not seen."""
    seen = Seen(60.0, pages=1)
    seen.saw(principal, (uid,), NOW)
    assert seen.seen(principal, uid, NOW)
    assert seen.seen(other, another, NOW) == ((other, another) == (principal, uid))
    if uid:
        assert not seen.seen(principal + uid[0], uid[1:], NOW)


def test_an_entry_ends():
    """After its time an id is not seen any more; being shown again begins the time anew."""
    seen = Seen(60.0, pages=1)
    seen.saw(ALICE, ids(1), NOW)
    assert seen.seen(ALICE, 'Booking::"0"', NOW + 59)
    assert not seen.seen(ALICE, 'Booking::"0"', NOW + 60)
    seen.saw(ALICE, ids(1), NOW + 50)
    assert seen.seen(ALICE, 'Booking::"0"', NOW + 100)
    assert len(seen) == 1


def test_a_shorter_time_counts_at_once():
    """A reload that shortens the time also shortens it for what was noted before."""
    seen = Seen(3600.0, pages=1)
    seen.saw(ALICE, ids(1), NOW)
    assert seen.lasting(3600.0).seen(ALICE, 'Booking::"0"', NOW + 1)
    assert not seen.lasting(60.0).seen(ALICE, 'Booking::"0"', NOW + 1)


def test_a_full_table_forgets_the_oldest_and_never_grows():
    """Far more ids than there is room for leave it full, and the latest are still there."""
    seen = Seen(3600.0, pages=1)
    room = BUCKETS_PER_PAGE * WAYS
    for at in range(0, 8 * room, 256):
        seen.saw(ALICE, ids(256, at), NOW + at / 1000)
    assert len(seen) <= room
    late = ids(256, 8 * room - 256)
    assert sum(seen.seen(ALICE, uid, NOW + 20) for uid in late) > 250
    assert not any(seen.seen(ALICE, uid, NOW + 20) for uid in ids(256))


def test_one_principal_cannot_push_out_the_others():
    """Somebody who is shown a hundred thousand ids costs others at most their own page."""
    seen = Seen(3600.0, pages=64)
    others = [f'User::"{number}"' for number in range(256)]
    for name in others:
        seen.saw(name, ids(4), NOW)
    for at in range(0, 100_000, 1000):
        seen.saw("mallory", ids(1000, at), NOW + 1)
    kept = sum(all(seen.seen(name, uid, NOW + 2) for uid in ids(4)) for name in others)
    assert kept > 256 * 0.9


def test_keys_differ_per_start():
    """Two tables put the same entry into different places, so nobody can choose its neighbours."""
    one, two = Seen(60.0, pages=64), Seen(60.0, pages=64)
    one.saw(ALICE, ids(8), NOW)
    two.saw(ALICE, ids(8), NOW)
    assert one._words.tobytes() != two._words.tobytes()


def test_torn_entries_are_not_seen():
    """Whatever half of an entry is of another one, the answer is no."""
    seen = Seen(3600.0, pages=1)
    seen.saw(ALICE, ids(1), NOW)
    words = seen._words
    place = next(at for at in range(len(words)) if words[at] >> 32 == int(NOW + 3600))
    whole = words[place]
    for torn in (whole + (7 << 32), whole ^ 1, whole ^ (1 << 40), (1 << 64) - 1, 1, 0):
        words[place] = torn
        assert not seen.seen(ALICE, 'Booking::"0"', NOW + 1)
    words[place] = whole
    assert seen.seen(ALICE, 'Booking::"0"', NOW + 1)


def test_processes_share_it_and_never_see_what_was_not_shown():
    """Workers that write at the same time see each other's ids, and no id that nobody noted."""
    seen = Seen(3600.0, pages=2)
    children = []
    for number in range(4):
        child = os.fork()
        if child == 0:
            shown = random.Random(number)
            wrong = 0
            for turn in range(1500):
                name = f'User::"{shown.randrange(8)}"'
                seen.saw(name, ids(4, shown.randrange(500)), NOW + turn / 10)
                wrong += seen.seen(name, f'Booking::"{shown.randrange(1000, 10**6)}"', NOW + 1)
            seen.saw(f'User::"last-{number}"', ids(2), NOW + 200)
            os._exit(1 if wrong else 0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
    late = [(f'User::"last-{n}"', uid) for n in range(4) for uid in ids(2)]
    assert sum(seen.seen(name, uid, NOW + 201) for name, uid in late) >= 7
    assert not any(seen.seen('User::"0"', uid, NOW + 2) for uid in ids(500, 2000))
