"""Each mistake in a configuration is reported with its line, its key and a remedy."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_schema_parity.config import find_config, load_config
from pytest_schema_parity.errors import ConfigError
from pytest_schema_parity.schema.kinds import KINDS
from pytest_schema_parity.showing import suggestion

BASE = """
reference = "a"
[trees]
a.path = "one"
b.path = "two"
"""
ALLOW = f'{BASE}[[allow]]\nreason = "agreed"\n'


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Write a file and load it; returns the message of the ConfigError."""
    monkeypatch.chdir(tmp_path)

    def write_and_refuse(text: str | bytes, name: str = "p.toml") -> str:
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(ConfigError) as caught:
            load_config(tmp_path / name)
        return str(caught.value)

    return write_and_refuse


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('reference = "a"', "trees: there is no tree; add [trees.NAME] with a path"),
        ('reference = "a"\ntrees = {}', "trees: there is no tree; add [trees.NAME] with a path"),
        (
            'reference = "c"\ntrees.a.path = "1"\ntrees.b.path = "2"',
            'p.toml:1: reference: "c" is unknown; it can be "a" or "b"',
        ),
        (
            'reference = "a"\ntrees.a.path = "1"',
            'p.toml:2: trees: "a" is the only tree, so there is nothing to compare; add'
            " [trees.NAME]",
        ),
        (
            'reference = "a"\n[[trees]]\nname = "a"',
            "p.toml:2: trees: a list instead of tables: write [trees.NAME]",
        ),
        (
            'reference = "a"\n[trees]\na = "one"\nb.path = "two"',
            "p.toml:3: [trees.a]: a string instead of a table: write [trees.a]",
        ),
        (
            f'{BASE}A.path = "three"',
            'p.toml:6: [trees.A]: differs from "a" only in case; rename one',
        ),
        (
            f'{BASE}c.path = "x/../two/"',
            'p.toml:6: [trees.c]: has the same files as "b", so they cannot differ; remove one',
        ),
        (
            f'{BASE}c.files = ["1", "2"]\nd.files = ["1", "./2"]',
            'p.toml:7: [trees.d]: has the same files as "c", so they cannot differ; remove one',
        ),
        (
            f'{BASE}c = {{ path = "x", files = ["y"] }}',
            "p.toml:6: [trees.c]: has both path and files; keep "
            'path = "DIRECTORY" or files = ["FIRST.sql", "SECOND.sql"]',
        ),
        (f'{BASE}c.files = ["x", "x"]', 'p.toml:6: [trees.c] files: lists "x" more than once'),
        (
            f"{BASE}c.files = []",
            "[trees.c] files: is an empty list; fill it, or leave the key out",
        ),
        (
            f'{BASE}c.files = "x"',
            '[trees.c] files: a string instead of a list: files = ["…"]',
        ),
        (
            f'{BASE}c.files = ["x", 1]',
            '[trees.c] files: may hold only strings that are not empty: files = ["…"]',
        ),
        (f'{BASE}c.path = " "', "[trees.c] path: is empty; fill it, or leave the key out"),
        (f'{BASE}c.path = "\\u0000"', "[trees.c] path: contains a NUL character"),
        (f'{BASE}"c::d".path = "x"', "[trees.c::d]: a tree's name may have letters, digits,"),
        (f'{BASE}"\\u001b[31m".path = "x"', "[trees.\\x1b[31m]: a tree's name may have"),
        (f"platform = 1{BASE}", "p.toml:1: platform: a number instead of a string"),
        (
            f"postgres = true{BASE}",
            'p.toml:1: postgres: must be a major version: postgres = "17"',
        ),
        (f'postgres = "17.2"{BASE}', "p.toml:1: postgres: must be a major version"),
        (f"postgres = 9{BASE}", "p.toml:1: postgres: 9 is not supported; the oldest is 15"),
        (f"fail_on = []{BASE}", "p.toml:1: fail_on: is empty, so nothing could fail"),
        (f'fail_on = ["Orders"]{BASE}', 'fail_on: "Orders" is unknown; did you mean "order"?'),
        (f'seed = "seed/*.sql"{BASE}', 'p.toml:1: seed: "seed/*.sql" matches no file below /'),
        (f"statement_timeout = 0{BASE}", "statement_timeout: must be between 0.001 and 2147483"),
        (f"statement_timeout = nan{BASE}", "statement_timeout: must be between"),
        (f"superuser = 'no'{BASE}", "superuser: a string instead of true or false"),
        (f"superuser = 0{BASE}", "superuser: a number instead of true or false"),
        (f"statement_timeout = true{BASE}", "statement_timeout: must be a number of seconds"),
        (f"{BASE}[behavior]\nroles = 'anon'", "[behavior] roles: a string instead of a list"),
        (f"{BASE}[behavior]\nroles = []", "[behavior] roles: is an empty list; fill it, or leave"),
        (
            f"{BASE}[behavior]\nroles = ['a', 'none']",
            '[behavior] roles: "none" is not a role (SET ROLE',
        ),
        (f"{BASE}[behavior]\nrole = ['a']", '[behavior] role: unknown key; did you mean "roles"'),
        (f'[allow]\nreason = "x"\n{BASE[1:]}', "allow: a table instead of tables"),
        (f"{BASE}[[allow]]\nkind = 'index'", "p.toml:6: [[allow]]: has no reason; say why"),
        (f"{BASE}[[allow]]\nkind = 'index'\nreason = ''", "p.toml:8: [[allow]] reason: is empty"),
        (ALLOW, "p.toml:6: [[allow]]: would allow every difference; restrict it by one of"),
        (f"{ALLOW}tree = 'b'\nname = '**'", "[[allow]]: would allow every difference; restrict"),
        (
            f"{ALLOW}tree = 'b'\nname = ['x', '*']",
            "[[allow]]: would allow every difference; restrict",
        ),
        (f"{ALLOW}actual = 1", "[[allow]]: would allow every difference; restrict"),
        (f"{ALLOW}name = [1]", "[[allow]] name: may hold only strings that are not empty"),
        (f"{ALLOW}name = 1", "[[allow]] name: a number instead of a string"),
        (
            f"{ALLOW}kind = 'view'\nactual = [2027-01-31]",
            "[[allow]] actual: a date or time cannot be the value of an attribute",
        ),
        (
            f"{ALLOW}kind = 'view'\nactual = nan",
            "[[allow]] actual: nan cannot be the value of an attribute",
        ),
        (f"{ALLOW}kind = 'Policies'", 'p.toml:8: [[allow]] kind: "Policies" is unknown; did you'),
        (f"{ALLOW}kind = 'row'", 'kind: "row" is unknown; did you mean "rows"?'),
        (
            f"{ALLOW}kind = 'rows'\nchange = 'extra'",
            'change: cannot be used with kind = "rows"; use the name of the view',
        ),
        (f"{ALLOW}change = 'mising'", '"mising" is unknown; did you mean "missing"?'),
        (f"{ALLOW}impact = 'orders'", 'impact: "orders" is unknown; did you mean "order"?'),
        (
            f"{ALLOW}change = 'extra'\ntree = 'a'",
            'p.toml:9: [[allow]] tree: "a" is the reference, which cannot differ from itself; '
            'it can be "b"',
        ),
        (f"{ALLOW}change = 'extra'\ntree = 'c*'", 'tree: "c*" is unknown; it can be "b"'),
        (f"{ALLOW}change = 'extra'\ntree = 'bb'", 'tree: "bb" is unknown; it can be "b"'),
        (
            f"{ALLOW}kind = 'view'\nuntil = 2027-01-31T00:00:00Z",
            "until: must be a date, the last",
        ),
        (f"{ALLOW}kind = 'view'\nuntil = '31.1.2027'", "until: must be a date, the last"),
        (
            f"{ALLOW}kind = 'view'\nuntill = 1",
            '[[allow]] untill: unknown key; did you mean "until"',
        ),
        (f'tree = "x"{BASE}', 'p.toml:1: tree: unknown key; did you mean "trees"?'),
    ],
)
def test_one_mistake(refused: Callable[..., str], text: str, said: str) -> None:
    message = refused(text)
    assert said in message
    assert message.startswith("p.toml:")


def test_a_misspelled_table_name(refused: Callable[..., str]) -> None:
    text = '[tool.schema_parity]\nreference = "a"\n'
    said = "pyproject.toml:1: [tool.schema_parity]: did you mean [tool.pytest-schema-parity]?"
    assert refused(text, "pyproject.toml") == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[trees.a]\npath = "1"\n[trees.a]\npath = "2"\n',
            'p.toml:3: [trees.a]: two trees are named "a"; rename one',
        ),
        ("[x]\n[x]\n", "p.toml:2: [x] is defined twice; merge the two"),
        ("a = 1\na = 2\n", "p.toml:2: is not valid TOML: Cannot overwrite a value"),
        ("a = \n", "p.toml:1: is not valid TOML: Invalid value"),
        ('\n\na = "\n', "p.toml:3: is not valid TOML: "),
        ('a = """\n', "p.toml:1: is not valid TOML: "),
        (b"\n\na = '\xe9'", "p.toml:3: is not UTF-8, which TOML must be"),
        (f"a = {'[' * 5000}", "p.toml: its values are nested too deeply to be read"),
        (f"a = {'9' * 5000}", "p.toml: is not valid TOML: Exceeds the limit"),
    ],
)
def test_a_file_that_is_not_valid_toml(
    refused: Callable[..., str], text: str | bytes, said: str
) -> None:
    assert refused(text).startswith(said)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read: No such file"):
        load_config(tmp_path / "none.toml")


OURS = "[tool.pytest-schema-parity]\n"


@pytest.mark.parametrize("name", ["pyproject.toml", "schema-parity.toml"])
def test_find_config_in_a_parent_directory(tmp_path: Path, name: str) -> None:
    below = tmp_path / "one" / "two"
    below.mkdir(parents=True)
    (tmp_path / name).write_text(OURS)
    (below / "pyproject.toml").write_text("[project]\nname = 'pytest-schema-parity'\n")
    assert find_config(below) == tmp_path / name


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# pytest-schema-parity\nbroken", False),
        (f"{OURS}broken", True),
        ("[tool.schema_parity]\n", True),
        ("[tool.other]\nkey = 'schema-parity'\n", False),
    ],
)
def test_find_config_in_a_project_file(tmp_path: Path, text: str, found: bool) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert (find_config(tmp_path) == tmp_path / "pyproject.toml") is found


def test_two_configurations_in_one_directory(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "schema-parity.toml"):
        (tmp_path / name).write_text(OURS)
    with pytest.raises(ConfigError, match="both contain a configuration; keep one"):
        find_config(tmp_path)


@pytest.mark.parametrize(
    "kind", ["collation", "operator", "cast", "foreign server", "user mapping", "language"]
)
def test_an_unlisted_kind_is_not_taken_for_a_misspelling(kind: str) -> None:
    assert kind in KINDS or suggestion(kind, KINDS) is None


@pytest.mark.parametrize(
    ("misspelled", "meant"),
    [
        ("tabel", "table"),
        ("POLICY", "policy"),
        ("Indexes", "index"),
        ("materialized_view", "materialized view"),
        ("policies", "policy"),
        ("extended statistic", "extended statistics"),
    ],
)
def test_misspelled_kinds(misspelled: str, meant: str) -> None:
    assert suggestion(misspelled, KINDS) == meant


def toml(value: object) -> str:
    """A value as inline TOML, so that it can be nested."""
    match value:
        case dict():
            pairs = (f"{toml(key)} = {toml(below)}" for key, below in value.items())
            return f"{{{', '.join(pairs)}}}"
        case list():
            return f"[{', '.join(map(toml, value))}]"
        case str():
            return '"' + "".join(f"\\U{ord(character):08x}" for character in value) + '"'
        case bool():
            return str(value).lower()
    return str(value)


NAMES = """
    reference trees platform postgres fail_on seed allow statement_timeout path files layout reason
    tree kind name change attribute impact until a b prisma index missing behavior 17 2027-01-31
    *.toml ../* [ actual
"""
WORDS = st.sampled_from(NAMES.split()) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=5
)
ANYTHING = st.recursive(
    WORDS | st.booleans() | st.integers() | st.floats() | st.dates() | st.datetimes(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(WORDS, below, max_size=6),
    max_leaves=25,
)
ALLOWANCE = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("reason", "tree", "kind", "name", "actual"), ANYTHING)
)
NEARLY = st.fixed_dictionaries(
    {"reference": WORDS | ANYTHING},
    optional={
        "trees": st.dictionaries(
            WORDS, st.fixed_dictionaries({}, optional={"path": ANYTHING, "files": ANYTHING})
        )
        | ANYTHING,
        "allow": st.lists(ALLOWANCE, max_size=2) | ANYTHING,
        "until": ANYTHING,
        "postgres": ANYTHING,
        "statement_timeout": ANYTHING,
        "seed": ANYTHING,
        "fail_on": ANYTHING,
    },
)


@given(values=NEARLY | st.dictionaries(WORDS, ANYTHING))
def test_random_values_give_a_config_error_or_a_config(
    tmp_path_factory: pytest.TempPathFactory, values
) -> None:
    file = tmp_path_factory.getbasetemp() / "random.toml"
    file.write_text("\n".join(f"{toml(key)} = {toml(value)}" for key, value in values.items()))
    try:
        config = load_config(file)
    except ConfigError as error:
        assert all(line.isprintable() for line in str(error).splitlines())  # noqa: PT017
    else:
        assert config is None or config.candidates


@given(text=st.text(st.sampled_from("[]{}=.,\"'#\\\n\r abtrees1é\x00\ufeff"), max_size=40))
def test_no_text_crashes_the_loader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "text.toml"
    file.write_bytes(text.encode())
    try:
        config = load_config(file)
    except ConfigError:
        return
    assert config is None or config.candidates
