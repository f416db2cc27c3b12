"""One reading of a path, or none."""

from __future__ import annotations

import itertools
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.policy.routes import RouteConflict, Router


def table(*templates):
    router = Router()
    for template in templates:
        router.add("GET", template, template)
    return router, router.seal()


def found(router, path):
    match = router.find(tuple(path.split("/")[1:]))
    return None if match is None else (match[0].leaves["GET"], match[1])


def test_static_beats_parameter_in_any_order():
    """The order of declaration never decides which operation is meant."""
    for order in itertools.permutations(("/a/{x}", "/a/me", "/a/{x}.json")):
        router, crossings = table(*order)
        assert crossings == ()
        assert found(router, "/a/me") == ("/a/me", ())
        assert found(router, "/a/b.json") == ("/a/{x}.json", ("b",))
        assert found(router, "/a/b") == ("/a/{x}", ("b",))


@pytest.mark.parametrize("path", ["/", "/a/", "/a", "/a/b/c", "/A/b", "/a//", "/a/b/"])
def test_undeclared_paths_match_nothing(path):
    """A trailing slash, another case, more or fewer segments are other paths."""
    router, _ = table("/a/{x}")
    assert found(router, path) is None


def test_a_dead_end_goes_back():
    """A static prefix that leads nowhere does not hide the parameter beside it."""
    router, crossings = table("/a/me/keys", "/a/{x}/books")
    assert crossings == ()
    assert found(router, "/a/me/books") == ("/a/{x}/books", ("me",))


def test_crossing_templates_are_reported_and_not_served():
    """A path that fits two templates of equal rank has two readings, so it has none."""
    router, crossings = table("/a/{x}/c", "/{y}/b/c")
    assert set(crossings[0]) == {"/a/{x}/c", "/{y}/b/c"}
    assert found(router, "/a/b/c") is None
    assert found(router, "/a/z/c") == ("/a/{x}/c", ("z",))
    assert found(router, "/z/b/c") == ("/{y}/b/c", ("z",))


def test_the_same_method_twice_is_refused():
    """Two operations with one method and shape cannot both be meant."""
    router, _ = table("/a/{x}")
    with pytest.raises(RouteConflict, match=r"`GET /a/\{x\}` and `GET /a/\{y\}`"):
        router.add("GET", "/a/{y}", "other")


def test_methods_of_one_shape_share_allow():
    """`Allow` names every method of the path."""
    router = Router()
    router.add("PUT", "/a/{x}", 1)
    router.add("GET", "/a/{y}", 2)
    router.seal()
    assert router.find(("a", "1"))[0].allow == b"GET, PUT"


def test_mixed_segments_do_not_backtrack():
    """A hostile segment costs linear time in a template with many parameters (CWE-1333)."""
    router, _ = table("/{a}-{b}-{c}-{d}-{e}-{f}!")
    before = time.thread_time()
    assert found(router, "/" + "-" * 100_000) is None
    assert found(router, "/" + "a-" * 50_000) is None
    assert time.thread_time() - before < 0.5


def test_the_longest_base_answers_for_the_undeclared():
    """A fallback answers below its own base only."""
    router, _ = table("/v1/a")
    router.fall_back((), "all")
    router.fall_back(("v1",), "v1")
    assert router.fallback(("v1", "x")) == "v1"
    assert router.fallback(("v2",)) == "all"


def test_nothing_declared_answers_below_an_owned_base():
    """`/{shop}/{page}` never gets what is sent to `/auth/sign-in`, nor a method that it lacks."""
    router, _ = table("/{shop}/{page}", "/{shop}", "/auth/{x}", "/authority/{x}")
    router.fall_back(("auth",), "issuer", owned=True)
    for path in ("/auth", "/auth/", "/auth/token", "/auth/a/b"):
        assert found(router, path) is None
        assert router.fallback(tuple(path.split("/")[1:])) == "issuer"
    assert found(router, "/authority/a") == ("/authority/{x}", ("a",))
    assert found(router, "/Auth/token") == ("/{shop}/{page}", ("Auth", "token"))


PARTS = st.sampled_from(["a", "b", "{x}", "{y}"])


@given(
    st.lists(st.lists(PARTS, min_size=1, max_size=3), min_size=1, max_size=6),
    st.lists(st.sampled_from("abc"), min_size=1, max_size=3),
)
def test_find_agrees_with_the_definition(declared, path):
    """The table answers what comparing every template with every other would answer."""
    shapes = {tuple("{}" if part[0] == "{" else part for part in parts) for parts in declared}
    router, _ = table(*("/" + "/".join(shape).replace("{}", "{p}") for shape in shapes))
    fitting = [
        shape
        for shape in shapes
        if len(shape) == len(path) and all(p in ("{}", s) for p, s in zip(shape, path, strict=True))
    ]
    best = [
        one
        for one in fitting
        if all(
            all(o == "{}" or p == o for p, o in zip(one, other, strict=True)) for other in fitting
        )
    ]
    answer = found(router, "/" + "/".join(path))
    if fitting and not best:
        assert answer is None
    elif best:
        assert re.sub(r"\{p\}", "{}", answer[0]) == "/" + "/".join(best[0])
    else:
        assert answer is None
