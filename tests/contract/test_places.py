from hypothesis import given
from hypothesis import strategies as st

from yett.contract.places import Source, nearest, read_pointer, write_pointer


class Counting:
    def __init__(self):
        self.asked = []

    def locate(self, pointer):
        self.asked.append(pointer)
        return "found.yaml", 7


def test_a_line_is_looked_up_once_and_only_when_asked():
    """Building a thousand sources scans nothing; asking one twice scans once."""
    locator = Counting()
    source = Source("a", pointer=("x",), locator=locator).at("y", 1)
    assert locator.asked == []
    assert (source.path, source.line, source.line) == ("found.yaml", 7, 7)
    assert locator.asked == [("x", "y", "1")]


def test_within_counts_from_the_root():
    """`within` forgets where the source was."""
    assert Source("a", pointer=("x",)).within(("z",)).pointer == ("z",)


def test_equal_places_are_equal():
    """A source is a value: file and pointer."""
    assert Source("a", pointer=("x",)) == Source("a", 9, pointer=("x",))
    assert Source("a") != Source("b")
    assert Source("a") != "a"
    assert len({Source("a"), Source("a")}) == 1
    assert "a" in repr(Source("a"))


def test_nearest_ancestor_answers_for_what_is_unknown():
    """A pointer into the unknown has the line of the last known part."""
    tree = (1, {"a": (4, {"b": (5, None)})})
    assert [nearest(tree, p) for p in ((), ("a",), ("a", "b", "c"), ("x",))] == [1, 4, 5, 1]


@given(st.lists(st.text(max_size=5), max_size=4))
def test_pointers_survive_writing_and_reading(tokens):
    """RFC 6901: what is written is read again, whatever the tokens hold."""
    assert read_pointer(write_pointer(tuple(tokens))) == tuple(tokens)


def test_a_place_inside_has_its_own_line_whoever_asked_before():
    """A source whose line was looked up still finds lines further inside."""

    class Lines:
        def locate(self, pointer):
            return f"file{len(pointer)}", len(pointer) + 1

    source = Source("f", locator=Lines())
    assert (source.path, source.line) == ("file0", 1)
    assert (source.at("a", "b").path, source.at("a", "b").line) == ("file2", 3)
    assert source.within(("x",)).line == 2
