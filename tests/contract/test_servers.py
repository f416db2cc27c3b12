import pytest

from yett.contract.servers import clean_base, read_base


@pytest.mark.parametrize(
    ("servers", "base"),
    [
        ([], ""),
        ([{"url": "/"}], ""),
        ([{"url": "/v2/"}], "/v2"),
        ([{"url": "v2"}], "/v2"),
        ([{"url": "https://h"}], ""),
        ([{"url": "https://h:8/a/b"}, {"url": "/c"}], "/a/b"),
        (
            [
                {
                    "url": "https://{r}.h/{v}",
                    "variables": {"r": {"default": "eu"}, "v": {"default": "v3"}},
                }
            ],
            "/v3",
        ),
        ([{}], ""),
    ],
)
def test_the_prefix_is_the_path_of_the_first_server(read, servers, base):
    """Host and scheme are the upstream's business; variables take their defaults."""
    reading = read({"servers": servers})
    assert read_base(reading.reader()) == base
    assert not reading.findings


@pytest.mark.parametrize(
    "servers",
    [
        [{"url": "/{v}"}],
        [{"url": "/{v}", "variables": {"v": {"default": 1}}}],
        [{"url": "/a/../b"}],
        [{"url": "/a%2Fb"}],
        [{"url": "http://[::1"}],
        [{"url": 1}],
        [1],
        {},
        [{"url": "/{v}", "variables": []}],
    ],
)
def test_a_prefix_with_two_readings_is_an_error(read, servers):
    """Each is named; nothing is guessed."""
    reading = read({"servers": servers})
    read_base(reading.reader())
    assert any(f.severity == "error" for f in reading.findings)


@pytest.mark.parametrize(
    ("path", "base"), [("", ""), ("/", ""), ("/a//b", None), ("/a b", None), ("/..", None)]
)
def test_clean_base(path, base):
    """One slash between segments, no dots."""
    assert clean_base(path) == base
