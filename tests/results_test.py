"""Counting: a test can neither vanish nor pass by not running."""

import json
import os
import pathlib
import stat
import tempfile
import unittest

from tests import results

LABEL = "//tests/x:a_test"


def gtest_report(cases):
    return ('<?xml version="1.0"?><testsuites name="AllTests"><testsuite name="A">%s'
            '</testsuite></testsuites>' % cases)


PASSING = '<testcase name="One" status="run" result="completed" classname="A"/>'
FAILING = ('<testcase name="Two" status="run" result="completed" classname="A">'
           '<failure message="no"/></testcase>')
SKIPPED = ('<testcase name="Three" status="run" result="skipped" classname="A">'
           '<skipped message="why"/></testcase>')


class ResultsTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def binary_lists(self, listing):
        binary = self.folder / "tests/x/a_test"
        binary.parent.mkdir(parents=True)
        binary.write_text("#!/bin/sh\ncat <<'END'\n%sEND\n" % listing)
        binary.chmod(binary.stat().st_mode | stat.S_IXUSR)

    def count(self, status, report):
        path = self.folder / "test.xml"
        path.write_text(report)
        outcome = results.Outcome()
        results.count_target(LABEL, status, [str(path)], str(self.folder), outcome)
        return outcome

    def test_each_case_is_counted_by_its_outcome(self):
        self.binary_lists("A.\n  One\n  Two\n  Three\n  DISABLED_Four\n")
        outcome = self.count("FAILED", gtest_report(PASSING + FAILING + SKIPPED))
        self.assertEqual(outcome.passed, [LABEL + " A.One"])
        self.assertEqual(outcome.failed, [LABEL + " A.Two"])
        self.assertEqual(outcome.skipped, [LABEL + " A.Three", LABEL + " A.DISABLED_Four"])

    def test_case_that_is_listed_but_did_not_run_failed(self):
        self.binary_lists("A.\n  One\nB/C.  # TypeParam = int\n  Two/0  # GetParam() = 3\n")
        outcome = self.count("PASSED", gtest_report(PASSING))
        self.assertEqual(outcome.passed, [LABEL + " A.One"])
        self.assertEqual(outcome.failed, [LABEL + " B/C.Two/0 (listed, but did not run)"])

    def test_binary_that_failed_without_a_failed_case_failed_once(self):
        self.binary_lists("A.\n  One\n")
        outcome = self.count("FAILED", gtest_report(PASSING))
        self.assertEqual(outcome.failed, [LABEL + " (FAILED)"])

    def test_other_test_counts_once(self):
        report = '<testsuites><testsuite name="x"><testcase name="x"/></testsuite></testsuites>'
        self.assertEqual(self.count("PASSED", report).passed, [LABEL])
        self.assertEqual(self.count("TIMEOUT", report).failed, [LABEL + " (TIMEOUT)"])
        self.assertEqual(self.count("FLAKY", report).failed, [LABEL + " (FLAKY)"])

    def python_report(self, log):
        return ('<testsuites><testsuite name="x"><testcase name="x"/><system-out>%s</system-out>'
                '</testsuite></testsuites>' % log)

    def test_cases_of_a_python_test_are_counted_by_its_summary(self):
        outcome = self.count("PASSED", self.python_report("....\nRan 4 tests in 0.1s\n\nOK\n"))
        self.assertEqual((len(outcome.passed), outcome.failed, outcome.skipped), (4, [], []))
        outcome = self.count("PASSED", self.python_report(
            "Ran 4 tests in 0.1s\n\nOK (skipped=1)\n"))
        self.assertEqual((len(outcome.passed), len(outcome.skipped)), (3, 1))

    def test_case_of_a_python_test_fails_once_however_many_subtests_do(self):
        outcome = self.count("FAILED", self.python_report(
            "FAIL: test_one (a.B.test_one) [1]\nFAIL: test_one (a.B.test_one) [2]\n"
            "ERROR: test_two (a.B.test_two)\nRan 4 tests in 0.1s\n\n"
            "FAILED (failures=2, errors=1, skipped=1)\n"))
        self.assertEqual(outcome.failed, [LABEL + " test_one", LABEL + " test_two"])
        self.assertEqual((len(outcome.passed), len(outcome.skipped)), (1, 1))

    def test_python_test_that_was_cut_off_failed(self):
        outcome = self.count("TIMEOUT", self.python_report("..."))
        self.assertEqual((outcome.passed, outcome.failed), ([], [LABEL + " (TIMEOUT)"]))

    def test_target_without_any_event_failed(self):
        events = self.folder / "events"
        events.write_text(json.dumps({"id": {"started": {}}, "started": {}}) + "\n")
        counts = self.folder / "counts"
        results.main(str(events), str(self.folder), str(counts), LABEL)
        self.assertEqual(counts.read_text(), "0 1 0\n")

    def test_status_and_report_are_read_from_the_events(self):
        report = self.folder / "test result.xml"
        report.write_text('<testsuites><testsuite name="x"/></testsuites>')
        events = self.folder / "events"
        lines = [
            {"id": {"testResult": {"label": LABEL}}, "testResult": {"testActionOutput": [
                {"name": "test.xml", "uri": report.as_uri()}]}},
            {"id": {"testSummary": {"label": LABEL}}, "testSummary": {"overallStatus": "PASSED"}},
        ]
        events.write_text("".join(json.dumps(line) + "\n" for line in lines))
        statuses, xml_paths = results.read_events(str(events))
        self.assertEqual(statuses, {LABEL: "PASSED"})
        self.assertEqual(xml_paths[LABEL], [os.fspath(report)])


if __name__ == "__main__":
    unittest.main()
