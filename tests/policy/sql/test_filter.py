"""The filter shows exactly the rows that the rules permit one by one; the four ways to be wrong."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from cedarpy import PolicySet
from kit.rows import SCHEMA, Booking, caller, decide, entity_of, model_of, shown, slice_of, where
from kit.rules import Writer, slices_of
from msgspec import structs
from sqlalchemy.dialects import mssql, mysql, oracle
from sqlalchemy.exc import CompileError
from sqlalchemy.orm import DeclarativeBase, Mapped, aliased, mapped_column

from yett.contract.model import PolicyText
from yett.contract.places import Source
from yett.policy.cedar.model import Inputs, Rule
from yett.policy.cedar.oracle import ask_rules
from yett.policy.cedar.rules import read_rules
from yett.policy.cedar.slices import make_slices
from yett.policy.sql.errors import FilterError
from yett.policy.sql.filter import MAX_TESTS, make_filter, make_plan

SEEDS = 150
CALLERS = (
    caller("u1"),
    caller("1", roles=(), attrs={"level": 2**62}, context={"secure": False, "auth_age": 30}),
)


def test_generated_rules_show_the_rows_that_they_permit(database, table):
    """Over 40,000 decisions, rows with NULLs, unicode and wildcards: SQL and rules agree on each."""
    decisions = allowed = forms = 0
    for seed in range(SEEDS):
        policies = Writer(seed).policies()
        slice_ = slices_of(policies)
        if slice_ is None:
            continue
        plan = make_plan(slice_, model_of())
        for who in CALLERS:
            permitted = {row["id"] for row in table if decide(slice_, who, row)}
            assert shown(database, make_filter(plan, who)) == permitted, policies
            decisions += len(table)
            allowed += len(permitted)
            forms += 0 < len(permitted) < len(table)
    assert decisions >= 40_000
    assert decisions * 0.02 < allowed < decisions * 0.98
    assert forms > SEEDS / 2  # most tell rows apart


def parsed(*policies):
    """A slice of rules that nobody validated, as no contract can have them."""
    made = []
    for number, policy in enumerate(policies):
        tree = PolicySet.from_str(policy).to_pst().static_policies["policy0"]
        made.append(
            Rule(id=f"r{number}", effect=tree.effect, tree=tree, text=policy, source=Source())
        )
    return make_slices(made, SCHEMA, engine="compiled")["listBookings"]


def test_null_does_not_permit(database, table):
    """`score > 5 || pub` with a NULL score errs in Cedar and is true in SQL: the row is not shown."""
    policy = "permit(principal, action, resource) when { resource.score > 5 || resource.pub };"
    naive = sa.or_(Booking.score > 5, Booking.pub)
    slice_ = parsed(policy)
    permitted = {row["id"] for row in table if decide(slice_, caller(), row)}
    assert shown(database, make_filter(make_plan(slice_, model_of()), caller())) == permitted
    assert any(row["score"] is None and row["id"] in shown(database, naive) for row in table)
    _, flaws = read_rules((PolicyText("p.cedar", f'@id("x") {policy}'),), SCHEMA)
    assert flaws  # and no contract with such a rule is compiled


def test_null_does_not_switch_a_forbid_off(database, table):
    """A forbid that errs on a row forbids it; SQL's `NOT NULL` and Cedar's skipping would not."""
    slice_ = parsed(
        "permit(principal, action, resource);",
        "forbid(principal, action, resource) when { resource.score > 5 && resource.pub };",
    )
    found = shown(database, make_filter(make_plan(slice_, model_of()), caller()))
    assert found == {row["id"] for row in table if decide(slice_, caller(), row)}
    null = {row["id"] for row in table if row["score"] is None}
    assert null
    assert not found & null


@pytest.mark.parametrize(
    "condition",
    [
        'resource.title == "x"',
        '!(resource.title == "x")',
        "!resource.pub",
        'resource.title != "x" || resource.pub || 1 == 1',
        '!(resource.title like "x*") || resource.customer == principal',
    ],
)
def test_a_null_where_the_model_allows_none_hides_the_row(condition):
    """A table that drifted from its model: a NULL in a NOT NULL column shows nothing."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("create table bookings (id, title, pub, customer_id)")
        connection.exec_driver_sql("insert into bookings values ('b1', null, null, 'u1')")
    forbid = f"forbid(principal, action, resource) when {{ {condition} }};"
    permit = f"permit(principal, action, resource) when {{ {condition} }};"
    for rules in (("permit(principal, action, resource);", forbid), (permit,)):
        assert shown(engine, where(*rules)) == set()


@pytest.mark.parametrize(
    ("condition", "naive"),
    [
        ('resource.title like "a*"', Booking.title.like("a%")),
        ('resource.title like "a%b"', Booking.title.like("a%b")),
        ('resource.title like "*\\\\b"', Booking.title.like("%\\b")),
        ('resource.title like "*[a]*"', Booking.title.op("GLOB")("*[a]*")),
        ('resource.title like "a?b"', Booking.title.op("GLOB")("a?b")),
        ('resource.title == "ss"', Booking.title.collate("NOCASE") == "ss"),
    ],
)
def test_case_and_wildcards_are_cedars(database, table, condition, naive):
    """SQLite's LIKE finds "Abc" for "a*", GLOB has `?` and `[`; only `*` is special in Cedar."""
    policy = f"permit(principal, action, resource) when {{ {condition} }};"
    permitted = {row["id"] for row in table if decide(slice_of(policy), caller(), row)}
    assert shown(database, where(policy)) == permitted
    if "\\\\" not in condition:
        assert shown(database, naive) != permitted


def test_a_column_without_case_is_compared_with_it():
    """The model and the table may say NOCASE: the rule's `==` is the rule's."""

    class Local(DeclarativeBase):
        pass

    class Loose(Local):
        __tablename__ = "bookings"
        id: Mapped[str] = mapped_column(sa.String(collation="NOCASE"), primary_key=True)
        title: Mapped[str] = mapped_column(sa.String(collation="NOCASE"))
        status: Mapped[str] = mapped_column(sa.String(collation="NOCASE"))

    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    Local.metadata.create_all(engine)
    with engine.begin() as connection:
        rows = [
            {"id": "b1", "title": "a", "status": "A"},
            {"id": "b2", "title": "A", "status": "A"},
        ]
        connection.execute(sa.insert(Loose), rows)

    def found(condition):
        chosen = where(f"permit(principal, action, resource) when {{ {condition} }};", model=Loose)
        with engine.connect() as connection:
            return set(connection.scalars(sa.select(Loose.id).where(chosen)))

    assert found('resource.title == "a"') == {"b1"}
    assert found('["a", "x"].contains(resource.title)') == {"b1"}
    assert found("resource.title == resource.status") == {"b2"}
    assert found('resource == Booking::"B1"') == set()


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ("resource.team.x == 1", "the schema of `Booking` has no `team.x`"),
        ('resource.assignee in Team::"t1"', "`assignee in Team` of `Booking` has no column"),
        ("resource.assignee.level > 1", "`assignee.level` of `Booking` has no column"),
        ('resource.secret == "x"', "`secret` of `Booking` has no column in `Booking`"),
        ("resource.amount + 1 > 3", "computes `add` from the record"),
        ('resource.address == {city: "a"}', "`address` of `Booking` has no column"),
        ("context has seen && context.seen && resource.pub", "reads `context.seen`"),
        ("principal.depots.containsAll(resource.tags)", "all of a set of the record"),
        ('resource.hasTag("x")', "computes `has_tag` from the record"),
        ('(if resource.pub then "a" else "b") == "a"', "computes an `if` from the record"),
        ("resource.tags == principal.depots", "uses a set of the record as one value"),
        ("{a: context} == {a: context} && resource.pub", "reads `context.seen`"),
    ],
)
def test_what_the_row_does_not_hold_is_refused(condition, says):
    """No join is guessed and nothing is weakened: the error names the rule and the clause."""
    policy = f"permit(principal, action, resource) when {{ resource.pub || {condition} }};"
    with pytest.raises(FilterError) as caught:
        make_plan(parsed("permit(principal, action, resource);", policy), model_of())
    assert caught.value.rule == "r1"
    assert caught.value.clause.startswith("resource.pub || ")
    assert says in str(caught.value)


def test_a_refusal_does_not_depend_on_who_calls():
    """What is refused for the one staff member is refused for all, at the first call."""
    policy = (
        'permit(principal in Role::"admin", action, resource) when { context.secure &&'
        " principal.level > 7 && resource has assignee && resource.assignee has level"
        " && resource.assignee.level > 1 };"
    )
    with pytest.raises(FilterError, match=r"assignee\.level"):
        make_plan(parsed(policy), model_of())


def test_what_only_cedar_reads_is_refused():
    """A rule without a tree could forbid anything."""
    blind = Rule(id="deep", effect="forbid", tree=None, text="", source=Source())
    slice_ = structs.replace(slice_of("permit(principal, action, resource);"), rules=(blind,))
    with pytest.raises(FilterError, match="`deep`: has a form that only Cedar reads"):
        make_plan(slice_, model_of())


def test_another_database_is_refused():
    """MySQL compares without case by default: a statement for it is never made."""
    condition = where(
        "permit(principal, action, resource) when { resource.customer == principal };"
    )
    statement = sa.select(Booking.id).where(condition)
    for dialect in (mysql.dialect(), mssql.dialect(), oracle.dialect()):
        with pytest.raises(CompileError, match="no exact form of"):
            statement.compile(dialect=dialect)
    assert "bookings.customer_id = " in str(statement)
    assert "'u1'" not in str(statement)


def test_who_the_action_is_not_for_sees_nothing(database):
    """A principal of another type meets no forbid of its own; it is shown nothing."""
    everything = "permit(principal, action, resource);"
    assert shown(database, where(everything, who=caller("s1", type_="Service"))) == set()
    assert len(shown(database, where(everything))) == 160


def test_no_rule_shows_nothing(database):
    """Without a permit there is no row; a forbid alone permits none either."""
    nothing = make_filter(make_plan(parsed(), model_of()), caller())
    assert shown(database, nothing) == set()
    assert shown(database, where("forbid(principal, action, resource);")) == set()


def test_a_filter_is_bounded():
    """What would be more tests than a database parses is refused when the plan is made."""
    parts = " || ".join(f'resource.title like "*{n}*{n}*"' for n in range(90))
    policy = f"permit(principal, action, resource) when {{ {parts} }};"
    with pytest.raises(FilterError, match=f"at most {MAX_TESTS} are made"):
        make_plan(slice_of(*[policy] * 8), model_of())


def test_values_are_bound_not_written(database, table):
    """A hostile name is a value: it is in no statement, and matches itself only."""
    evil = "x' OR '1'='1"
    condition = where(
        "permit(principal, action, resource) when { resource.customer == principal };",
        who=caller(evil),
    )
    assert evil not in str(sa.select(Booking).where(condition))
    assert shown(database, condition) == set()


def test_an_index_is_used(database):
    """The owner's rows are found by the index on the owner, not by a look at all."""
    condition = where(
        "permit(principal, action, resource) when { resource.customer == principal };"
    )
    text = (
        sa.select(Booking.id)
        .where(condition)
        .compile(database, compile_kwargs={"literal_binds": True})
    )
    with database.connect() as connection:
        plan = connection.exec_driver_sql(f"explain query plan {text}").all()
    assert "USING INDEX ix_bookings_customer_id" in str(plan)


def test_an_alias_is_filtered_by_its_own_columns(database, table):
    """`aliased(Booking)` in a join of the table with itself: no second copy comes in."""
    other = aliased(Booking)
    condition = where(
        'permit(principal, action, resource) when { resource.customer in Team::"t1"'
        ' && resource.tags.contains("a") };',
        model=other,
    )
    with database.connect() as connection:
        found = set(connection.scalars(sa.select(other.id).where(condition)))
    slice_ = slice_of(
        'permit(principal, action, resource) when { resource.customer in Team::"t1"'
        ' && resource.tags.contains("a") };'
    )
    assert found == {row["id"] for row in table if decide(slice_, caller(), row)}


def test_cedar_itself_agrees(database, table):
    """A sample of the rows is asked of cedarpy, which knows nothing of this room."""
    policies = (
        (
            'permit(principal in Role::"staff", action in Action::"read", resource)'
            " when { resource has depot && principal.depots.contains(resource.depot) };"
        ),
        "permit(principal, action, resource) when { resource.customer == principal };",
        "forbid(principal, action, resource) when { resource has score && resource.score > 5 };",
        'forbid(principal, action, resource) unless { resource.title like "*a*" };',
    )
    slice_ = slice_of(*policies)
    found = shown(database, where(*policies))
    me = caller()
    for row in table[:60]:
        entity = entity_of(row)
        asked = Inputs(me.principal, entity.uid, me.context, {**me.entities, entity.uid: entity})
        decided = ask_rules(slice_.rules, slice_.action, slice_.groups, asked)
        assert decided.allow is (row["id"] in found), row
