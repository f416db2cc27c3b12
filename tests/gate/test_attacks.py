"""Ways round the rules that were tried with a good token against a running gateway, and failed."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import unquote

import pytest
from kit.attacked import attacked, say
from kit.shop import BOOKING, CHANGE, ID, ONE, OWN, answer, document, operation

BOOKINGS = {
    1: {"id": 1, "customer_id": 1, "status": "draft", "price": 10, "phone": "111"},
    2: {"id": 2, "customer_id": 2, "status": "draft", "price": 20, "phone": "222"},
}
JSON_PATCH = "application/json-patch+json"
FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=b"
PATCH_SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"op": {}, "path": {}, "from": {}, "value": {}},
    },
}


def shop(method, target, headers, body):
    """A service that checks nothing."""
    parts = target.partition("?")[0].split("/")[1:]
    if parts[0] != "bookings" or len(parts) == 1:
        return say({"ok": True})
    found = BOOKINGS.get(int(parts[1]))
    return say(found) if found else say({"error": "none"}, 404)


def part(name, value):
    """One field of a multipart form."""
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    return f"{head}{value}\r\n--b--\r\n".encode()


def takes(schema, *kinds):
    """A request body in each of these media types."""
    return {"content": {kind: {"schema": schema} for kind in kinds}}


def change(contents):
    return contents["paths"]["/bookings/{id}"]["patch"]


PAYMENT = {"type": "object", "properties": {"booking_id": {"type": "integer"}}}
PAYMENT["properties"]["booking_id"]["x-yett-ref"] = "Booking"


@pytest.mark.parametrize(
    ("kind", "foreign", "own"),
    [
        (FORM, b"booking_id=2", b"booking_id=1"),
        (PARTS, part("booking_id", 2), part("booking_id", 1)),
        ("text/plain", b'{"booking_id": 2}', None),
        ("application/xml", b"<p><booking_id>2</booking_id></p>", None),
    ],
)
async def test_a_reference_is_one_in_any_media_type(tmp_path, kind, foreign, own):
    """A form names somebody's record as surely as JSON does; what is not read is refused."""
    contents = document()
    pay = operation("pay", answer({"type": "object"}, "201"), tags=())
    pay["requestBody"] = takes(PAYMENT, kind.partition(";")[0])
    if kind == "text/plain":
        pay["requestBody"]["content"][kind]["schema"] = {"type": "string"}
        pay["requestBody"]["content"]["application/json"] = {"schema": PAYMENT}
    contents["paths"]["/payments"] = {"post": pay}
    async with attacked(tmp_path, shop, contents) as gateway:
        status, _, _ = await gateway.ask("ann", "POST /payments", foreign, kind)
        assert (status, gateway.upstream.writes) == (422, [])
        if own is not None:
            assert (await gateway.ask("ann", "POST /payments", own, kind))[0] == 200


@pytest.mark.parametrize(("name", "value"), [("phone", "999"), ("status", "cancelled")])
@pytest.mark.parametrize("kind", [FORM, PARTS])
async def test_classes_and_states_are_guarded_in_forms(tmp_path, kind, name, value):
    """A form field writes a class, and moves a machine, like a member of JSON."""
    contents = document()
    change(contents)["requestBody"] = takes(CHANGE, kind.partition(";")[0])
    body = part(name, value) if kind == PARTS else f"{name}={value}".encode()
    policies = OWN.replace('action in Action::"tag:bookings", resource);', _NO_DELETE)
    async with attacked(tmp_path, shop, contents, policies) as gateway:
        status, _, _ = await gateway.ask("sam", "PATCH /bookings/1", body, kind)
        assert (status, gateway.upstream.writes) == (403, [])


_NO_DELETE = """action in Action::"tag:bookings", resource)
unless { action == Action::"deleteBooking" };"""


@pytest.mark.parametrize(("path", "value"), [("/phone", "9"), ("/status", "cancelled"), ("", {})])
async def test_a_json_patch_alone_is_guarded_by_the_record(tmp_path, path, value):
    """Its schema speaks of `op` and `path`; what it writes is the record as it is shown."""
    contents = document()
    change(contents)["requestBody"] = takes(PATCH_SCHEMA, JSON_PATCH)
    policies = OWN.replace('action in Action::"tag:bookings", resource);', _NO_DELETE)
    async with attacked(tmp_path, shop, contents, policies) as gateway:
        edit = [{"op": "replace", "path": path, "value": value}]
        status, _, _ = await gateway.ask("sam", "PATCH /bookings/1", edit, JSON_PATCH)
        assert status in {403, 409}
        assert gateway.upstream.writes == []
        edit[0] |= {"path": "/note", "value": "n"}
        assert (await gateway.ask("sam", "PATCH /bookings/1", edit, JSON_PATCH))[0] == 200


async def test_a_json_patch_reaches_read_only_references(tmp_path):
    """`readOnly` keeps nothing out of a patch, so the record it names must be readable."""
    contents = document()
    shown = json.loads(json.dumps(BOOKING))
    shown["properties"]["before"] = {"type": "integer", "x-yett-ref": "Booking", "readOnly": True}
    contents["paths"]["/bookings/{id}"]["get"]["responses"] = answer(shown)
    change(contents)["requestBody"] = takes(PATCH_SCHEMA, JSON_PATCH)
    async with attacked(tmp_path, shop, contents) as gateway:
        edit = [{"op": "add", "path": "/before", "value": 2}]
        status, _, _ = await gateway.ask("ann", "PATCH /bookings/1", edit, JSON_PATCH)
        assert (status, gateway.upstream.writes) == (422, [])


HIDDEN = {"type": "string", "x-yett-class": "pii"}
PLACES = {
    "patternProperties": {"patternProperties": {"^x_": HIDDEN}},
    "unevaluatedProperties": {"unevaluatedProperties": HIDDEN},
    "then": {"if": {"required": ["id"]}, "then": {"properties": {"x_a": HIDDEN}}},
    "dependentSchemas": {"dependentSchemas": {"id": {"properties": {"x_a": HIDDEN}}}},
    "anyOf": {"anyOf": [{"properties": {"x_a": HIDDEN}}, {"type": "object"}]},
}


@pytest.mark.parametrize("place", PLACES)
async def test_a_class_is_hidden_wherever_the_schema_says_it(tmp_path, place):
    """Every keyword that describes a member may label it."""
    contents = document()
    get = contents["paths"]["/bookings/{id}"]["get"]
    get["responses"] = answer({**BOOKING, **PLACES[place]})
    async with attacked(tmp_path, lambda *_: say({**BOOKINGS[1], "x_a": "s"}), contents) as gateway:
        assert "x_a" not in json.loads((await gateway.ask("sam", "GET /bookings/1"))[2])
        assert json.loads((await gateway.ask("ann", "GET /bookings/1"))[2])["x_a"] == "s"


async def test_a_class_is_hidden_in_answers_of_any_type(tmp_path):
    """Springdoc writes `*/*` where it means JSON."""
    contents = document()
    get = contents["paths"]["/bookings/{id}"]["get"]
    get["responses"]["200"]["content"] = {"*/*": {"schema": BOOKING}}
    async with attacked(tmp_path, shop, contents) as gateway:
        assert b"111" not in (await gateway.ask("sam", "GET /bookings/1"))[2]
        assert (await gateway.ask("ann", "GET /bookings/2"))[0] == 404


TELLTALE = {
    "if-match": {"if_match": '"z"'},
    "date": {"if_unmodified_since": "Thu, 01 Jan 1970 00:00:00 GMT"},
    "xml": {"accept": "application/xml"},
    "nothing": {"accept": "x/y"},
}


def telling(method, target, headers, body):
    """A service that is as exact about a record as RFC 9110 wants it."""
    found = BOOKINGS.get(int(target.split("/")[2]))
    if found is None:
        return say({}, 404)
    if "if-match" in headers or "if-unmodified-since" in headers:
        return say(b"", 412, kind="", etag='"a"')
    if headers.get("accept") == "application/xml":
        return say(b"<booking/>", kind="application/xml")
    return say({"owner": 2}, 406, etag='"a"') if headers.get("accept") == "x/y" else say(found)


@pytest.mark.parametrize("how", TELLTALE)
async def test_no_wish_of_a_client_tells_what_exists(tmp_path, how):
    """Conditions and `Accept` bring different answers for what is there; callers get one."""
    async with attacked(tmp_path, telling) as gateway:
        told = []
        for id_ in (2, 77):
            status, fields, body = await gateway.ask("ann", f"GET /bookings/{id_}", **TELLTALE[how])
            request_id = fields.pop("yett-request-id")
            del fields["date"]
            told.append((status, fields, body.decode().replace(request_id, "")))
        assert told[0] == told[1]
        assert told[0][0] == 404


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirection_leads_to_a_record_of_others(tmp_path, status):
    """A download that answers with a signed address elsewhere would be the record itself."""

    def elsewhere(method, target, headers, body):
        return say(b"", status, kind="", location="https://files.test/2?signature=1")

    async with attacked(tmp_path, elsewhere) as gateway:
        found, fields, _ = await gateway.ask("ann", "GET /bookings/2")
        assert (found, "location" in fields) == (404, False)


async def test_what_a_new_record_shows_is_decided_on_the_answer(tmp_path):
    """A service that answers a creation with a record it had already shows no class of that."""
    contents = document()
    contents["paths"]["/bookings"]["post"]["requestBody"] = takes(
        {**CHANGE, "properties": BOOKING["properties"]}, "application/json"
    )
    policies = OWN.replace(
        'action == Action::"createBooking", resource);',
        'action == Action::"createBooking", resource is Booking)\n'
        "when { resource has customer && resource.customer == principal };",
    )
    made = {"id": 9, "customer_id": 1, "status": "draft", "price": 1}
    async with attacked(tmp_path, lambda *_: say(BOOKINGS[2], 201), contents, policies) as gateway:
        status, _, body = await gateway.ask("ann", "POST /bookings", made)
        assert status == 201
        assert b"222" not in body


async def test_a_web_socket_is_decided_on_before_it_begins(tmp_path):
    """What goes on unread is never left to be decided on the answer."""
    contents = document()
    contents["paths"]["/bookings/{id}/live"] = {
        "parameters": ID,
        "get": operation("watchBooking", resource=ONE, websocket=True),
    }
    async with attacked(tmp_path, shop, contents) as gateway:
        guard = gateway.gate.current.program.plans["shop.watchBooking"].operation.guard
        assert guard.place == "read-before-write"
        shake = {"upgrade": "websocket", "connection": "Upgrade", "sec_websocket_version": "13"}
        shake["sec_websocket_key"] = "dGhlIHNhbXBsZSBub25jZQ=="
        assert (await gateway.ask("ann", "GET /bookings/2/live", **shake))[0] == 404
        assert [target for _, target, _ in gateway.upstream.log] == ["/bookings/2"]


ENVELOPE = {"type": "object", "required": ["data"]}


def enveloped():
    """The shop, with JSON:API's `data` around the record, in both directions."""
    contents = document()
    one = contents["paths"]["/bookings/{id}"]
    shown = {**ENVELOPE, "properties": {"data": {"$ref": "#/components/schemas/Booking"}}}
    for method in ("get", "patch"):
        one[method]["responses"] = answer(shown)
        one[method]["x-yett"]["resource"]["record"] = "/data"
    body = takes({**ENVELOPE, "properties": {"data": CHANGE}}, "application/json")
    one["patch"]["requestBody"] = body
    new = contents["paths"]["/bookings"]["post"]
    new["responses"], new["requestBody"] = answer(shown, "201"), body
    new["x-yett"]["resource"]["record"] = "/data"
    return contents


async def test_a_state_in_an_envelope_is_a_state(tmp_path):
    """`{"data": {"status": ...}}` moves the record as surely as `{"status": ...}` does."""
    policies = OWN.replace("resource is Booking) when {", _OWNER, 1)
    async with attacked(
        tmp_path, lambda *_: say({"data": BOOKINGS[1]}), enveloped(), policies
    ) as gateway:
        body = {"data": {"status": "confirmed"}}
        assert (await gateway.ask("ann", "PATCH /bookings/1", body))[0] == 403
        assert (await gateway.ask("ann", "POST /bookings", body))[0] == 409
        assert gateway.upstream.writes == []
        body["data"]["status"] = "draft"
        assert (await gateway.ask("ann", "PATCH /bookings/1", body))[0] == 200


_OWNER = """resource is Booking)
unless { action == Action::"confirmBooking" } when {"""


async def test_a_put_that_leaves_the_state_out_sets_it(tmp_path):
    """A service fills in what a PUT does not say, and that is how a terminal record is reopened."""
    contents = document()
    contents["paths"]["/bookings/{id}"]["put"] = operation("putBooking", body=CHANGE, resource=ONE)
    done = BOOKINGS[1] | {"status": "cancelled"}
    async with attacked(tmp_path, lambda *_: say(done), contents) as gateway:
        body = {"note": "x", "phone": "111"}
        assert (await gateway.ask("ann", "PUT /bookings/1", body))[0] == 409
        assert gateway.upstream.writes == []
        body["status"] = "cancelled"
        assert (await gateway.ask("ann", "PUT /bookings/1", body))[0] == 200


@pytest.mark.parametrize(
    ("method", "kind", "body"),
    [
        ("PATCH", "application/json", {"id": 2, "note": "x"}),
        ("PATCH", "application/json", {"id": "1 ", "note": "x"}),
        ("PUT", "application/json", {"id": 2, "status": "draft", "phone": "111"}),
        ("PATCH", JSON_PATCH, [{"op": "replace", "path": "/id", "value": 2}]),
        ("PATCH", JSON_PATCH, [{"op": "copy", "from": "/price", "path": "/id"}]),
        ("PATCH", FORM, b"id=2&note=x"),
    ],
)
async def test_a_body_names_no_other_record_than_the_target(tmp_path, method, kind, body):
    """What was decided about is the target; many services save what they are sent by its id."""
    contents = document()
    one = contents["paths"]["/bookings/{id}"]
    schema = {**CHANGE, "properties": {**CHANGE["properties"], "id": {}}}
    content = takes(schema, "application/json", FORM)
    content["content"] |= takes(PATCH_SCHEMA, JSON_PATCH)["content"]
    for name in ("patch", "put"):
        one[name] = operation(f"{name}Booking", resource={**ONE, "record": ""}) | {
            "requestBody": content
        }
    del contents["components"]["schemas"]["Booking"]["x-yett-machine"]
    async with attacked(tmp_path, shop, contents) as gateway:
        assert (await gateway.ask("ann", f"{method} /bookings/1", body, kind))[0] == 403
        assert gateway.upstream.writes == []
        if kind == "application/json":
            assert (await gateway.ask("ann", f"{method} /bookings/1", body | {"id": 1}))[0] == 200


async def test_a_stream_leaves_only_to_who_may_see_all_of_it(tmp_path):
    """Nothing can be left out of what is passed through, so a class keeps the whole of it."""
    contents = document()
    follow = operation("followBooking", resource=ONE, stream="response")
    contents["paths"]["/bookings/{id}/events"] = {"parameters": ID, "get": follow}
    async with attacked(tmp_path, shop, contents) as gateway:
        assert (await gateway.ask("sam", "GET /bookings/1/events"))[0] == 403
        assert (await gateway.ask("bob", "GET /bookings/1/events"))[0] == 404
        assert (await gateway.ask("ann", "GET /bookings/1/events"))[0] == 200


SPELLINGS = [
    "02",
    "002",
    "%32",
    "+2",
    "%2B2",
    "2.0",
    "2.",
    "2e0",
    "2E0",
    "%EF%BC%92",
    "%D9%A2",
    "2%20",
    "%202",
    "2%00",
    "2%09",
    "2%0A",
    "2;x=1",
    "2%3Bx",
    "2%2F",
    "2%23",
    "2%3F",
    "./2",
    "1/../2",
    "1%2F..%2F2",
    "%2e%2e/2",
    "1%5C..%5C2",
    "0x2",
    "2,1",
    "2_",
    "0_2",
    "2?x",
]


def lenient(method, target, headers, body):
    """A service that makes a number of nearly anything."""
    path = unquote(target.partition("?")[0]).split("/")
    try:
        found = BOOKINGS.get(int(float(path[2].split(";")[0].split("#")[0].strip(" .\t\0"))))
    except ValueError:
        found = None
    return say(found) if found else say({}, 404)


@pytest.mark.parametrize("type_", ["integer", "string"])
async def test_no_spelling_of_an_id_reaches_another_record(tmp_path, type_):
    """What is decided about is what the service acts on, however the id is written."""
    contents = document()
    for path in contents["paths"].values():
        for parameter in path.get("parameters", ()):
            parameter["schema"] = {"type": type_}
    async with attacked(tmp_path, lenient, contents) as gateway:
        for id_ in SPELLINGS:
            for line, body in (
                (f"GET /bookings/{id_}", b""),
                (f"PATCH /bookings/{id_}", {"note": "x"}),
                (f"DELETE /bookings/{id_}", b""),
                (f"POST /bookings/{id_}/confirm", b""),
            ):
                status, _, answered = await gateway.ask("ann", line, body)
                assert status >= 400, line
                assert b"222" not in answered, line
        assert gateway.upstream.writes == []


OBSERVED = """
[rules]
records = "observe"
fields = "observe"
response_fields = "observe"
"""


async def test_observing_changes_nothing(tmp_path):
    """Status, body and fields are the service's, and so is what reaches it."""

    def serve(method, target, headers, body):
        items = [BOOKINGS[1], BOOKINGS[2] | {"margin": 1}, {"odd": 1}]
        if target == "/bookings":
            return say({"items": items, "total": 3, "debug": 1}, accept_ranges="bytes", etag='"l"')
        return say(BOOKINGS[2] | {"margin": 1}, accept_ranges="bytes", etag='"r"')

    async with attacked(tmp_path, serve, more=OBSERVED) as gateway:
        for line, body in (
            ("GET /bookings", b""),
            ("GET /bookings/2", b""),
            ("PATCH /bookings/2", {"note": "x", "phone": "9", "status": "cancelled"}),
            ("DELETE /bookings/2", b""),
        ):
            status, fields, answered = await gateway.ask("ann", line, body)
            wanted = serve(*line.split(), {}, body)
            assert (status, answered) == (wanted[0], wanted[2])
            assert dict(wanted[1]).items() <= fields.items()
            assert "no-such-record" in gateway.sink.events[-1].observed
            if body:
                assert gateway.upstream.writes[-1][2] == json.dumps(body).encode()


async def test_a_stranger_does_not_keep_writers_from_a_record(tmp_path):
    """Many who may not write it are refused without a place in the queue of those who may."""
    async with attacked(tmp_path, shop) as gateway:
        gateway.upstream.pause = 0.01
        waiting = 0

        async def flood():
            nonlocal waiting
            status, _, _ = await gateway.ask("bob", "PATCH /bookings/1", {"note": "x"})
            queues = gateway.gate.locks._queues.values()
            waiting = max(waiting, *(len(queue.waiting) for queue in queues), 0)
            return status

        floods = [asyncio.ensure_future(flood()) for _ in range(80)]
        await asyncio.sleep(0.02)
        status, _, _ = await gateway.ask("ann", "PATCH /bookings/1", {"note": "x"})
        assert status == 200
        assert {await one for one in floods} == {404}
        assert waiting <= 1
        assert gateway.gate.locks.taken == 0


async def test_a_write_that_answers_with_another_record_shows_no_class_of_it(tmp_path):
    """The caller's own record was decided about, and not the one that comes back."""

    def serve(method, target, headers, body):
        return say(BOOKINGS[1 if method == "GET" else 2])

    async with attacked(tmp_path, serve) as gateway:
        status, _, body = await gateway.ask("ann", "PATCH /bookings/1", {"note": "x"})
        assert status == 200
        assert b"222" not in body


async def test_an_empty_list_is_no_way_to_remove_what_one_may_not_write(tmp_path):
    """`{"cards": []}` changes the class of every card that was there."""
    contents = document()
    pin = {"type": "string", "x-yett-class": "pii"}
    cards = {"type": "array", "items": {"type": "object", "properties": {"pin": pin}}}
    body = {**CHANGE, "properties": {**CHANGE["properties"], "cards": cards}}
    change(contents)["requestBody"] = takes(body, "application/json")
    held = BOOKINGS[1] | {"cards": [{"pin": "1"}]}
    async with attacked(tmp_path, lambda *_: say(held), contents) as gateway:
        for value in ([], [{}], [{"pin": "2"}]):
            status, _, _ = await gateway.ask("sam", "PATCH /bookings/1", {"cards": value})
            assert (status, gateway.upstream.writes) == (403, [])
        assert (await gateway.ask("sam", "PATCH /bookings/1", {"cards": [{"pin": "1"}]}))[0] == 200
