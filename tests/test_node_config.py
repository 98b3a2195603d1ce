"""The configuration: one file, overridden by the environment; every value says where it came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from node import config
from node.config import Config, ConfigError


def written(path: Path, text: str) -> Path:
    """A configuration file."""
    file = path / "yuanzheng.toml"
    file.write_text(text, encoding="utf-8")
    return file


def refusal(path: Path | None, **environ: str) -> ConfigError:
    """Why a configuration is refused."""
    with pytest.raises(ConfigError) as caught:
        config.load(path, environ)
    assert caught.value.sentence("zh") != caught.value.sentence("en")
    return caught.value


def test_without_anything_there_are_defaults() -> None:
    """No file and no environment: loopback, workers, and a clock that has to be synchronised."""
    loaded = config.load(None, {})
    assert loaded == Config(origins=loaded.origins)
    assert loaded.server.host == "127.0.0.1"
    assert not loaded.sealing.tolerate_unsynchronised
    assert {origin for _, origin in loaded.values().values()} == {"default"}


def test_the_environment_wins_over_the_file_and_each_says_so(tmp_path: Path) -> None:
    """A value is the environment's, else the file's, else the default; its origin is the variable or the line."""
    file = written(tmp_path, "# a centre\n[server]\nport = 8441\nworkers = 3\n\n[log]\nlevel = 'debug'\n")
    loaded = config.load(
        file, {"YUANZHENG_SERVER_PORT": "0", "YUANZHENG_SEALING_HEARTBEAT_SECONDS": "2.5", "HOME": "/"}
    )
    assert (loaded.server.port, loaded.server.workers, loaded.log.level) == (0, 3, "debug")
    assert loaded.sealing.heartbeat_seconds == 2.5
    values = loaded.values()
    assert values["server.port"] == (0, "environment YUANZHENG_SERVER_PORT")
    assert values["server.workers"] == (3, f"{file}:4")
    assert values["log.level"] == ("debug", f"{file}:7")
    assert values["server.host"] == ("127.0.0.1", "default")


def test_every_setting_is_listed_and_can_be_set_by_either_way(tmp_path: Path) -> None:
    """What `config show` prints is every setting there is, and each is taken from file and environment alike."""
    for name, (value, _) in config.load(None, {}).values().items():
        section, _, key = name.partition(".")
        text = "" if value in (None, ()) else str(value).lower() if isinstance(value, bool) else str(value)
        quoted = "[]" if value == () else f'"{text}"' if value is None or isinstance(value, (str, Path)) else text
        by_file = config.load(written(tmp_path, f"[{section}]\n{key} = {quoted}\n"), {}).values()[name]
        assert by_file[1].endswith("yuanzheng.toml:2")
        variable = f"YUANZHENG_{section}_{key}".upper()
        assert config.load(None, {variable: text}).values()[name] == (value, f"environment {variable}")


def test_paths_start_at_the_files_directory(tmp_path: Path) -> None:
    """A relative path means the same wherever the node is started; an absolute one means itself."""
    (tmp_path / "centre").mkdir()
    file = written(tmp_path / "centre", "[ledger]\ndata = 'store'\nlog_key = '/keys/log.key'\n")
    section = config.load(file, {}).ledger
    home = tmp_path.resolve() / "centre"
    assert (section.data, section.log_key, section.policy) == (home / "store", Path("/keys/log.key"), home / "policy")


def test_lists_come_from_arrays_or_from_words(tmp_path: Path) -> None:
    """Addresses: an array in the file, separated by spaces in the environment; anything else is refused."""
    file = written(tmp_path, "[replica]\nof = ['https://a.example', 'https://b.example']\n")
    assert config.load(file, {}).replica.of == ("https://a.example", "https://b.example")
    assert config.load(None, {"YUANZHENG_REPLICA_OF": "https://a.example  b"}).replica.of == ("https://a.example", "b")
    assert refusal(written(tmp_path, "[replica]\nof = [1]\n")).expected == "list of texts"


def test_the_environment_of_others_is_left_alone() -> None:
    """Variables that name no section of ours are somebody else's."""
    assert config.load(None, {"YUANZHENG_HOME": "x", "SERVER_PORT": "1"}) == Config()


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("[server]\nprot = 1\n", "node.config-unknown", 2),
        ("[servers]\nport = 1\n", "node.config-unknown", 2),
        ("port = 1\n", "node.config-unknown", 0),
        ("[server]\nport = '84x'\n", "node.config-value", 2),
        ("[server]\nport = 70000\n", "node.config-value", 2),
        ("[server]\nport = -1\n", "node.config-value", 2),
        ("[server]\nport = true\n", "node.config-value", 2),
        ("[server]\nport = 1.9\n", "node.config-value", 2),
        ("[server]\nport = inf\n", "node.config-value", 2),
        ("[server]\nport = [1]\n", "node.config-value", 2),
        ("[server]\nhost = 1\n", "node.config-value", 2),
        ("[sealing]\nheartbeat_seconds = 0\n", "node.config-value", 2),
        ("[sealing]\nheartbeat_seconds = nan\n", "node.config-value", 2),
        ("[sealing]\nheartbeat_seconds = inf\n", "node.config-value", 2),
        ("[sealing]\ntolerate_unsynchronised = 1\n", "node.config-value", 2),
        ("[sealing]\ntolerate_unsynchronised = 'yes'\n", "node.config-value", 2),
        ("[ledger]\ndata = 3\n", "node.config-value", 2),
        ("[log]\nlevel = 'loud'\n", "node.config-value", 2),
        ("[log]\nformat = 'xml'\n", "node.config-value", 2),
        ("[server\n", "node.config-file", 0),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(tmp_path: Path, text: str, code: str, line: int) -> None:
    """A name that does not exist, a value of another type or out of bounds, a broken file: the sentence says where."""
    file = written(tmp_path, text)
    error = refusal(file)
    assert error.code == code
    assert error.field == (f"{file}:{line}" if line else str(file))


def test_a_misspelled_name_gets_the_nearest_one(tmp_path: Path) -> None:
    """`prot` is answered with `port`."""
    assert refusal(written(tmp_path, "[server]\nprot = 1\n")).expected == "server.port"
    assert refusal(None, YUANZHENG_SERVER_PROT="1").expected == "server.port"
    assert refusal(None, YUANZHENG_SERVER_PROT="1").field == "environment YUANZHENG_SERVER_PROT"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Missing, a directory, or not UTF-8: one sentence with the path."""
    assert refusal(tmp_path / "none.toml").field == str(tmp_path / "none.toml")
    assert refusal(tmp_path).code == "node.config-file"
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b"# caf\xe9\n")
    assert refusal(latin).code == "node.config-file"
