"""What deployments do to the files of a contract while `yett serve` serves under load."""

from __future__ import annotations

import time

from kit.service import Service


def test_files_that_come_in_pieces_lose_no_request(serve, load, folder):
    """Gone for a second, written half and then whole, renamed into place: 200 throughout."""
    served = serve()
    with load(served.port) as client:
        good = (folder.path / "openapi.json").read_text()
        (folder.path / "openapi.json").unlink()
        served.wait("reload-refused")
        (folder.path / "openapi.json").write_text(good)
        time.sleep(0.2)
        assert served.get()[0] == 200

        new = good.replace('"/slow"', '"/first"')
        with (folder.path / "openapi.json").open("w") as half:
            half.write(new[: len(new) // 2])
            half.flush()
            time.sleep(1.5)
            half.write(new[len(new) // 2 :])
        served.wait("swapped", 2)
        assert served.get("/first")[0] == 200

        folder.write("openapi.json", good.replace('"/slow"', '"/second"'))
        served.wait("swapped", 4)
        assert served.get("/second")[0] == 200
        assert served.get("/first")[0] == 404
    assert set(client.statuses) == {200}
    assert client.broken == []
    assert served.stop() == 0


def test_a_folder_that_is_exchanged_whole(serve, load, folder, tmp_path):
    """A symlink that is moved to another version of the folder is noticed, as with a ConfigMap."""
    versions = tmp_path / "versions"
    for name, path in (("one", "/one"), ("two", "/two")):
        (versions / name).mkdir(parents=True)
        folder.declare("/items", path)
        (folder.path / "openapi.json").rename(versions / name / "openapi.json")
    (tmp_path / "data").symlink_to(versions / "one")
    (folder.path / "openapi.json").symlink_to(tmp_path / "data" / "openapi.json")
    served = serve()
    with load(served.port) as client:
        assert served.get("/one")[0] == 200
        (tmp_path / "data.new").symlink_to(versions / "two")
        (tmp_path / "data.new").rename(tmp_path / "data")
        served.wait("swapped", 2)
        assert served.get("/two")[0] == 200
        assert served.get("/one")[0] == 404
    assert set(client.statuses) == {200}
    assert client.broken == []


def test_a_service_that_moves_and_a_broken_file_at_once(serve, load, folder):
    """While one file is broken nothing of the other is taken; whole again, both are."""
    other = Service()
    try:
        served = serve()
        with load(served.port) as client:
            good = (folder.path / "openapi.json").read_text()
            folder.write("openapi.json", "{")
            folder.port, port = other.port, folder.port
            folder.configure()
            served.wait("reload-refused")
            assert served.get()[0] == 200
            folder.write("openapi.json", good)
            served.wait("swapped", 2)
            assert served.get()[0] == 200
        assert port != folder.port
        assert set(client.statuses) == {200}
        assert client.broken == []
    finally:
        other.close()
