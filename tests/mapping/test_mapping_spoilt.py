"""Files that were spoilt by an editor, a cable or a child are refused in sentences, never with a traceback."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from broken_files import AROUND, BROKEN, ENV, MODELS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bridge.connections
from bridge.connections import Connections
from bridge.errors import ConfigError
from bridge.mapping import Mapping, load

SHIPPED = Path(__file__).parents[2] / "mappings"
BORROWERS = ["borrower", "meta-to-zendesk"]
MAPPINGS = [BROKEN / "sound.yaml", BROKEN / "borrower.yaml", *sorted(SHIPPED.glob("meta-*.yaml"))]
CONNECTIONS = [BROKEN / "connections" / "sound.yaml", SHIPPED / "connections.yaml"]
SIGNS = [bytes([sign]) for sign in b"{}[]:-#&*!|\"'\n\t\xff\0"]
NESTS = [b"[%s]", b"{%s: %s}", b"{a: [%s]}", b"[[[%s]]]", b'"%s"', b"!!map %s", b"{named: %s}", b"{from: %s}"]


@st.composite
def spoilt(draw: st.DrawFn, text: bytes) -> bytes:
    """The text after one to four accidents."""
    for _ in range(draw(st.integers(1, 4))):
        text = draw(st.sampled_from(ACCIDENTS))(draw, text)
    return text


def flipped(draw: st.DrawFn, text: bytes) -> bytes:
    """Another byte, or an odd sign, in the place of one."""
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(st.binary(max_size=2) | st.sampled_from(SIGNS)) + text[at + 1 :]


def without_lines(draw: st.DrawFn, text: bytes) -> bytes:
    """One to five lines less."""
    lines = text.split(b"\n")
    at = draw(st.integers(0, len(lines)))
    return b"\n".join(lines[:at] + lines[at + draw(st.integers(1, 5)) :])


def moved(draw: st.DrawFn, text: bytes) -> bytes:
    """A line where another one was, or indented otherwise."""
    lines = text.split(b"\n")
    one, other = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
    lines[other] = draw(st.sampled_from([b"", b"  ", b"      "])) + lines[one].lstrip()
    return b"\n".join(lines)


def nested(draw: st.DrawFn, text: bytes) -> bytes:
    """What stands behind a colon becomes a list, a map, or text."""
    lines = text.split(b"\n")
    at = draw(st.integers(0, len(lines) - 1))
    key, colon, value = lines[at].partition(b": ")
    nest = draw(st.sampled_from(NESTS))
    lines[at] = key + b": " + nest.replace(b"%s", value or b"x") if colon else nest.replace(b"%s", key)
    return b"\n".join(lines)


ACCIDENTS = [flipped, without_lines, moved, nested]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_spoilt_mappings_are_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(MAPPINGS))
    for other in MAPPINGS:
        (tmp_path / other.name).write_bytes(other.read_bytes())
    (tmp_path / path.name).write_bytes(data.draw(spoilt(path.read_bytes())))

    for name in dict.fromkeys([path.stem, *BORROWERS]):
        with suppress(ConfigError):
            (made,) = load(tmp_path, [name], around=AROUND)
            assert isinstance(made, Mapping)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_spoilt_connections_are_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(CONNECTIONS))
    (tmp_path / "vip.txt").write_bytes(data.draw(st.sampled_from([b"@zoe\n", b"", b"\xff"])))
    (tmp_path / "connections.yaml").write_bytes(data.draw(spoilt(path.read_bytes())))

    with suppress(ConfigError):
        known = data.draw(st.sampled_from([ENV, None]))
        found = bridge.connections.load(tmp_path, known, MODELS.get, adapters=MODELS)
        assert isinstance(found, Connections)
