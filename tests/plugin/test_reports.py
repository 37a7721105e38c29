"""Reports agree with the exit code, and none outlives the run that it is about."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from support.campaign import in_campaign

DRIFTED = "CREATE TABLE users (id text PRIMARY KEY);"
GATE = ("--schema-parity", "pyproject.toml", "--schema-parity-report=json:report.json")
COLUMNS = ("-k", "columns")
SERIAL_AND_WORKER = [[], *in_campaign([["-n1"]])]
EARLIER = '{\n  "report_version": 1,\n  "verdict": "parity"\n}\n'
STALE = '[[tool.pytest-schema-parity.allow]]\nkind = "policy"\nreason = "none here"\n'


def report_of(pytester: pytest.Pytester) -> dict:
    return json.loads(pytester.path.joinpath("report.json").read_text())


def test_a_stale_allowance_is_no_parity(project) -> None:
    pytester = project(extra=STALE)
    result = pytester.runpytest_subprocess(*GATE, "-k", "tables or allowances")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=1, failed=1, deselected=16)
    result.stdout.fnmatch_lines(["*pyproject.toml:9*stale*", "FAILED*::supabase::allowances*"])
    report = report_of(pytester)
    assert report["verdict"] == "drift"
    assert [one["state"] for one in report["allowances"]] == ["stale"]
    assert report["checks"]["supabase"]["allowances"] == "failed"


@pytest.mark.campaign
@pytest.mark.parametrize("workers", [[], ["-n1"]])
def test_a_failing_check_of_the_project_is_no_parity(project, workers) -> None:
    pytester = project()
    pytester.makeconftest(
        """
        def check(tree):
            assert tree is None

        def pytest_schema_parity_checks():
            return {"mine": check}
        """
    )
    result = pytester.runpytest_subprocess(*GATE, *workers, "-k", "rows or mine")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    report = report_of(pytester)
    assert report["verdict"] == "drift"
    assert report["checks"]["supabase"]["mine"] == "failed"
    result.stdout.fnmatch_lines(["rows *", "mine *"])


@pytest.mark.parametrize("how", ["KeyboardInterrupt", *in_campaign(["pytest.exit('enough')"])])
def test_a_run_that_is_interrupted_leaves_no_other_verdict(project, how) -> None:
    pytester = project()
    pytester.path.joinpath("report.json").write_text(EARLIER)
    raising = how if "exit" in how else f"raise {how}"
    pytester.makepyfile(test_it=f"import pytest\ndef test_it():\n    {raising}")
    result = pytester.runpytest_subprocess("test_it.py", *GATE)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    report = report_of(pytester)
    assert (report["verdict"], report["incomplete"]) == (
        "broken",
        "the run ended before its checks had run",
    )


@pytest.mark.campaign
def test_tests_that_cannot_be_collected_leave_no_other_verdict(project) -> None:
    pytester = project()
    pytester.path.joinpath("report.json").write_text(EARLIER)
    pytester.makepyfile(test_it="raise RuntimeError")
    result = pytester.runpytest_subprocess("test_it.py", *GATE)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert report_of(pytester)["verdict"] == "broken"


def test_a_wrong_configuration_leaves_no_report(project) -> None:
    pytester = project(extra='layuot = "x"\n')
    pytester.path.joinpath("report.json").write_text(EARLIER)
    result = pytester.runpytest_subprocess(*GATE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert not pytester.path.joinpath("report.json").exists()


def test_a_report_without_the_flag(pytester) -> None:
    result = pytester.runpytest_subprocess("--schema-parity-report=json:report.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--schema-parity-report needs --schema-parity*"])


def test_a_report_that_cannot_be_written_shows_before_anything_runs(project) -> None:
    pytester = project()
    pytester.mkdir("report.json")
    result = pytester.runpytest_subprocess(*GATE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*report.json cannot be written*"])


@pytest.mark.parametrize(
    ("candidate", "code"),
    [
        (DRIFTED, pytest.ExitCode.TESTS_FAILED),
        *in_campaign([(None, pytest.ExitCode.USAGE_ERROR)]),
    ],
)
def test_a_report_that_fails_late_hides_nothing(project, candidate, code) -> None:
    pytester = project(*filter(None, [candidate]))
    pytester.makeconftest(
        """
        from pathlib import Path

        def pytest_runtestloop():
            Path("report.json").mkdir()
        """
    )
    result = pytester.runpytest_subprocess(*GATE, *COLUMNS)
    assert result.ret == code
    result.stdout.fnmatch_lines(["*ERROR: *report.json cannot be written*"])
    if candidate:
        result.stdout.fnmatch_lines(["FAILED pyproject.toml::supabase::columns*"])


@pytest.mark.campaign
@pytest.mark.parametrize("workers", [[], ["-n1"]])
def test_a_run_that_stops_before_its_checks_is_no_parity(project, workers) -> None:
    pytester = project()
    pytester.makepyfile(test_it="def test_it(): assert False")
    result = pytester.runpytest_subprocess("-x", "test_it.py", *GATE, *workers)
    assert result.ret != pytest.ExitCode.OK
    if not workers:  # where workers had run them all before the first failure came in, it is none
        assert report_of(pytester)["verdict"] == "broken"


def test_a_run_that_exits_by_itself_does_not_pass(project) -> None:
    pytester = project()
    pytester.makepyfile(test_it="import pytest\ndef test_it(): pytest.exit('ok', returncode=0)")
    result = pytester.runpytest_subprocess("pyproject.toml::supabase::columns", "test_it.py", *GATE)
    assert result.ret != pytest.ExitCode.OK
    assert report_of(pytester)["verdict"] == "broken"


@pytest.mark.parametrize("workers", SERIAL_AND_WORKER)
def test_a_run_that_cannot_be_summed_up_does_not_pass(project, workers) -> None:
    pytester = project()
    pytester.makeconftest(
        """
        from pytest_schema_parity.checks.parity import Parity

        def refuse(*args, **kwargs):
            raise RuntimeError("password='hunter2'")

        Parity.results = refuse
        """
    )
    result = pytester.runpytest_subprocess(*GATE, *COLUMNS, *workers)
    assert result.ret != pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*ERROR: the results of the trees are incomplete*"])
    assert "hunter2" not in result.stdout.str()


def test_what_is_no_report_is_not_overwritten(project) -> None:
    pytester = project()
    pytester.path.joinpath("report.json").write_text("mine")
    result = pytester.runpytest_subprocess(*GATE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*report.json exists and is not a report*"])
    assert pytester.path.joinpath("report.json").read_text() == "mine"


def test_markdown_is_not_appended_to_another_page(project) -> None:
    pytester = project()
    page = pytester.path / "README.md"
    page.write_text("mine\n")
    report = "--schema-parity-report=markdown:README.md"
    result = pytester.runpytest_subprocess(*GATE[:2], report)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*README.md exists and is not a report: name another file*"])
    assert page.read_text() == "mine\n"


@pytest.mark.campaign
def test_markdown_takes_the_place_of_nothing_and_of_an_earlier_report(project) -> None:
    pytester = project()
    empty = pytester.path / "empty.md"
    empty.touch()
    report = "--schema-parity-report=markdown:empty.md"
    for _ in range(2):  # the second run finds the first one's report
        pytester.runpytest_subprocess(*GATE[:2], *COLUMNS, report)
        assert empty.read_text().count("# Schema parity\n") == 1


def test_a_link_is_followed_a_page_is_continued_and_a_pipe_is_written_to(
    project, monkeypatch
) -> None:
    pytester = project()
    pytester.path.joinpath("report.json").symlink_to("elsewhere.json")
    page, pipe = pytester.path / "page.md", pytester.path / "pipe"
    page.write_text("# Schema of mine\n")  # as a report begins
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True)
    reports = [f"--schema-parity-report=markdown:{name}" for name in ("page.md", "pipe")]
    result = pytester.runpytest_subprocess(*GATE, *COLUMNS, *reports)
    assert result.ret == pytest.ExitCode.OK
    assert reader.communicate(timeout=20)[0].startswith("# Schema parity\n")
    assert pipe.is_fifo()
    assert page.read_text().startswith("# Schema of mine\n# Schema parity\n")
    assert pytester.path.joinpath("report.json").is_symlink()
    assert pytester.path.joinpath("elsewhere.json").is_file()
    assert report_of(pytester)["verdict"] == "parity"


def test_two_reports_of_one_name(project) -> None:
    result = project().runpytest_subprocess(*GATE, "--schema-parity-report=markdown:report.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*two reports would go to *report.json*"])
